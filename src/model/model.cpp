#include "model/model.h"

#include <atomic>
#include <optional>
#include <utility>

#include "base/error.h"
#include "model/adapter.h"
#include "model/read_layer.h"
#include "tensor/row_ops.h"
#include "tensor/stack.h"

namespace focusllm::model {

Model::Model(std::shared_ptr<const gguf::File> file, const Arithmetic& arithmetic,
             std::shared_ptr<const gguf::File> adapter, std::string weights)
    : Model(file, Spec::from(*file), arithmetic, std::move(adapter), std::move(weights)) {}

Model::Model(std::shared_ptr<const gguf::File> file, Spec spec, const Arithmetic& arithmetic,
             std::shared_ptr<const gguf::File> adapter, std::string weights)
    : Model(file, std::move(spec), arithmetic, std::move(adapter), std::move(weights), NamedTensors(*file)) {}

Model::Model(const std::shared_ptr<const gguf::File>& file, Spec spec, const Arithmetic& arithmetic,
             std::shared_ptr<const gguf::File> adapter, std::string weights, NamedTensors tensors)
    : weights_(std::move(weights)),
      isa_(arithmetic.isa),
      file_(file),
      adapter_(std::move(adapter)),
      spec_(std::move(spec)),
      embedding_(tensors.matrix("token_embd.weight", spec_.vocabulary, spec_.width)),
      output_norm_(tensors.vector("output_norm.weight", spec_.width)),
      head_({spec_.tied_head ? embedding_ : tensors.matrix("output.weight", spec_.vocabulary, spec_.width)},
            arithmetic) {
  std::optional<AdapterTensors> candidates;
  if (adapter_) {
    check_adapter(*adapter_, spec_);
    candidates.emplace(*adapter_, arithmetic);
  }
  for (int i = 0; i < spec_.layers; ++i)
    layers_.push_back(read_layer(tensors, candidates ? &*candidates : nullptr, spec_, i, arithmetic));
  for (const std::string& name : spec_.done_tensors) tensors.find(name);
  tensors.check_all_used(
      fmt::format("is not supported: nothing in architecture {} uses it here", spec_.architecture));
  for (const RopeSpec& rope : spec_.ropes)
    ropes_.emplace_back(spec_.rope_dim, rope.base, rope.scaling, spec_.rope_paired);
}

void Model::embed(std::span<const std::int32_t> tokens, float* out) const {
  const BlockTraits traits = block_traits(embedding_.type);
  const std::int64_t row_bytes = spec_.width / traits.elements * traits.bytes;
  for (const std::int32_t token : tokens) {
    if (token < 0 || token >= spec_.vocabulary) {
      fail("token {}: outside the model's vocabulary of {}", token, spec_.vocabulary);
    }
    dequantize(embedding_.type, embedding_.data + token * row_bytes, spec_.width, out);
    out += spec_.width;
  }
  if (spec_.embedding_scale != 1) {
    const auto rows = static_cast<std::int64_t>(tokens.size());
    scale_rows(isa_, spec_.embedding_scale, rows, spec_.width, out - rows * spec_.width);
  }
}

void Model::logits(const float* hidden, std::int64_t rows, float* out) const {
  head_.apply(hidden, rows, out, Use::answer);
}

std::uint64_t Model::next_number() {
  static std::atomic<std::uint64_t> next{0};
  return next++;
}

void Model::check_logits(std::span<const float> logits) {
  if (!all_finite(logits.data(), std::ssize(logits)))
    fail("the logits are not finite: a weight of the output matrix is broken, or a number overflowed");
}

template <typename Body>
void Model::for_products(const Body& body) const {
  for (const Layer& layer : layers_) {
    for (const AttentionProduct* product : {&layer.qkv, &layer.attention_out}) {
      body(product->own);
      if (product->candidate) body(*product->candidate);
      product->delta.for_products(body);
    }
    body(layer.gate_up);
    body(layer.down);
  }
  body(head_);
}

std::int64_t Model::copied_bytes() const {
  std::int64_t bytes = 0;
  for_products([&](const Linear& linear) { bytes += linear.copied_bytes(); });
  return bytes;
}

void Model::prepare() const {
  for_products([&](const Linear& linear) {
    if (linear.copied_bytes() == 0) return;
    linear.prepare();
    for (const BlockMatrix& matrix : linear.stack()) {
      const std::span part(matrix.data, static_cast<std::size_t>(matrix.rows * row_bytes(matrix)));
      file_->release(part);
      if (adapter_) adapter_->release(part);
    }
  });
}

}  // namespace focusllm::model
