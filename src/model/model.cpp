#include "model/model.h"

#include <optional>
#include <string>

#include "base/error.h"
#include "model/adapter.h"
#include "tensor/row_ops.h"
#include "tensor/stack.h"

namespace focusllm::model {
namespace {

/// Tensors of one file by name, with their shapes checked against the spec.
class Tensors {
 public:
  Tensors(const gguf::File& file, ProductType type) : file_(file), type_(type) {}

  BlockMatrix matrix(const std::string& name, std::int64_t outputs, std::int64_t inputs) const {
    const BlockMatrix matrix = file_.tensor(name).matrix();
    if (matrix.rows != outputs || matrix.cols != inputs) {
      fail("{}: tensor {} is {} x {}; the metadata needs {} x {}", file_.path().string(), name, matrix.rows,
           matrix.cols, outputs, inputs);
    }
    return matrix;
  }
  Linear linear(std::vector<BlockMatrix> stack) const { return Linear(std::move(stack), type_); }
  std::vector<float> vector(const std::string& name, std::int64_t size) const {
    const gguf::Tensor& tensor = file_.tensor(name);
    if (tensor.elements() != size) {
      fail("{}: tensor {} has {} elements; the metadata needs {}", file_.path().string(), name,
           tensor.elements(), size);
    }
    std::vector<float> values(static_cast<std::size_t>(size));
    dequantize(tensor.type, tensor.data.data(), size, values.data());
    return values;
  }
  bool has(const std::string& name) const { return file_.find_tensor(name) != nullptr; }

 private:
  const gguf::File& file_;
  ProductType type_;
};

std::vector<float> read_bias(const Tensors& tensors, const std::string& prefix, const Spec& spec) {
  if (!tensors.has(prefix + "attn_q.bias")) return {};
  const std::int64_t keys = std::int64_t{spec.heads.kv_heads} * spec.heads.dim;
  std::vector<float> bias = tensors.vector(prefix + "attn_q.bias", spec.attention_width());
  for (const char* name : {"attn_k.bias", "attn_v.bias"}) {
    const std::vector<float> part = tensors.vector(prefix + name, keys);
    bias.insert(bias.end(), part.begin(), part.end());
  }
  return bias;
}

/// Biases and norms that a file may hold although this decoder would not apply them change the result: refuse
/// them.
void refuse_unused(const Tensors& tensors, const std::string& prefix, const gguf::File& file) {
  for (const char* name :
       {"attn_output.bias", "ffn_up.bias", "ffn_gate.bias", "ffn_down.bias", "attn_sinks.weight"}) {
    if (tensors.has(prefix + name))
      fail("{}: tensor {}{}: not supported", file.path().string(), prefix, name);
  }
}

/// One of q, k, v, o, and where its outputs begin in the product that it is part of.
struct Target {
  const char* name;
  std::int64_t outputs;
  std::int64_t first;
};

AttentionProduct read_product(const Tensors& tensors, AdapterTensors* adapter, const std::string& prefix,
                              std::span<const Target> targets, std::int64_t inputs) {
  std::vector<BlockMatrix> own, candidate;
  LowRank delta;
  bool whole = false;
  for (const Target& target : targets) {
    const std::string name = fmt::format("{}{}.weight", prefix, target.name);
    own.push_back(tensors.matrix(name, target.outputs, inputs));
    candidate.push_back(own.back());
    if (adapter == nullptr) continue;
    if (const auto matrix = adapter->whole(name, target.outputs, inputs)) {
      candidate.back() = *matrix;
      whole = true;
    }
    if (auto part = adapter->low_rank(name, target.outputs, inputs, target.first))
      delta.add(std::move(*part));
  }
  std::optional<Linear> other;
  if (whole) other.emplace(tensors.linear(std::move(candidate)));
  return {tensors.linear(std::move(own)), std::move(other), std::move(delta)};
}

AttentionProduct read_qkv(const Tensors& tensors, AdapterTensors* adapter, const std::string& prefix,
                          const Spec& spec) {
  const std::int64_t queries = spec.attention_width();
  const std::int64_t keys = std::int64_t{spec.heads.kv_heads} * spec.heads.dim;
  const Target targets[] = {
      {"attn_q", queries, 0}, {"attn_k", keys, queries}, {"attn_v", keys, queries + keys}};
  return read_product(tensors, adapter, prefix, targets, spec.width);
}

AttentionProduct read_out(const Tensors& tensors, AdapterTensors* adapter, const std::string& prefix,
                          const Spec& spec) {
  const Target targets[] = {{"attn_output", spec.width, 0}};
  return read_product(tensors, adapter, prefix, targets, spec.attention_width());
}

Layer read_layer(const Tensors& tensors, AdapterTensors* adapter, const std::string& prefix,
                 const Spec& spec) {
  const bool post_norms = spec.architecture == "gemma3";
  const bool qk_norm = post_norms || spec.architecture == "qwen3";
  const auto norm_if = [&](bool wanted, const char* name, std::int64_t size) {
    return wanted ? tensors.vector(prefix + name, size) : std::vector<float>{};
  };
  return {read_qkv(tensors, adapter, prefix, spec),
          read_bias(tensors, prefix, spec),
          read_out(tensors, adapter, prefix, spec),
          tensors.vector(prefix + "attn_norm.weight", spec.width),
          tensors.vector(prefix + "ffn_norm.weight", spec.width),
          norm_if(qk_norm, "attn_q_norm.weight", spec.heads.dim),
          norm_if(qk_norm, "attn_k_norm.weight", spec.heads.dim),
          norm_if(post_norms, "post_attention_norm.weight", spec.width),
          norm_if(post_norms, "post_ffw_norm.weight", spec.width),
          tensors.linear({tensors.matrix(prefix + "ffn_gate.weight", spec.feed_forward, spec.width),
                          tensors.matrix(prefix + "ffn_up.weight", spec.feed_forward, spec.width)}),
          tensors.linear({tensors.matrix(prefix + "ffn_down.weight", spec.width, spec.feed_forward)})};
}

BlockMatrix read_head(const Tensors& tensors, const Spec& spec) {
  const char* name = tensors.has("output.weight") ? "output.weight" : "token_embd.weight";
  return tensors.matrix(name, spec.vocabulary, spec.width);
}

}  // namespace

Model::Model(std::shared_ptr<const gguf::File> file, ProductType type,
             std::shared_ptr<const gguf::File> adapter)
    : file_(std::move(file)),
      adapter_(std::move(adapter)),
      spec_(Spec::from(*file_)),
      embedding_(Tensors(*file_, type).matrix("token_embd.weight", spec_.vocabulary, spec_.width)),
      output_norm_(Tensors(*file_, type).vector("output_norm.weight", spec_.width)),
      head_(Tensors(*file_, type).linear({read_head(Tensors(*file_, type), spec_)})),
      rope_(spec_.rope_dim, spec_.rope_base, spec_.rope_scaling, spec_.rope_paired),
      sliding_rope_(spec_.rope_dim, spec_.sliding_rope_base, {}, spec_.rope_paired) {
  const Tensors tensors(*file_, type);
  std::optional<AdapterTensors> candidates;
  if (adapter_) candidates.emplace(*adapter_, spec_.architecture, type);
  for (int i = 0; i < spec_.layers; ++i) {
    const std::string prefix = fmt::format("blk.{}.", i);
    refuse_unused(tensors, prefix, *file_);
    layers_.push_back(read_layer(tensors, candidates ? &*candidates : nullptr, prefix, spec_));
  }
  if (candidates) candidates->check_all_used();
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
    scale_rows(spec_.embedding_scale, rows, spec_.width, out - rows * spec_.width);
  }
}

void Model::logits(const float* hidden, std::int64_t rows, float* out) const {
  head_.apply(hidden, rows, out, Use::answer);
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
