#include "train/frozen_model.h"

#include <algorithm>
#include <numeric>

#include <ATen/Parallel.h>

#include "base/threads.h"
#include "focusllm/tokenizer.h"
#include "train/row_functions.h"

namespace focusllm::train {
namespace {

using torch::Tensor;

/// Torch's first operation sets the number of OpenMP threads, of the pool that is everybody's, to a default
/// of its own, which may be one: so it is told first.
const Backend& with_all_threads(const Backend& backend) {
  at::set_num_threads(thread_count());
  return backend;
}

std::optional<Token> bos_token(const gguf::File& file) {
  if (file.find("tokenizer.ggml.model") == nullptr) return std::nullopt;  // weights without a tokenizer
  const auto tokenizer = Tokenizer::load(file);
  return tokenizer->adds_bos() ? tokenizer->bos() : std::nullopt;
}

Tensor to_tensor(const std::vector<float>& values, std::vector<std::int64_t> shape, const Backend& backend) {
  return torch::tensor(values, torch::kFloat).view(shape).to(backend.options());
}

std::vector<std::size_t> kinds_of(const model::Spec& spec) {
  std::vector<const model::LayerSpec*> first;
  std::vector<std::size_t> kinds;
  for (const model::LayerSpec& layer : spec.by_layer) {
    const auto same = std::find_if(first.begin(), first.end(), [&](const model::LayerSpec* other) {
      return other->window == layer.window && other->rope == layer.rope;
    });
    kinds.push_back(static_cast<std::size_t>(same - first.begin()));
    if (same == first.end()) first.push_back(&layer);
  }
  return kinds;
}

}  // namespace

// The engine's model reads and checks every tensor; its products are packed only where they are used.
FrozenModel::FrozenModel(std::shared_ptr<const gguf::File> file, const Backend& backend)
    : file_(std::move(file)),
      backend_(with_all_threads(backend)),
      model_(std::make_shared<model::Model>(file_, Arithmetic{backend.ordinary_product, backend.isa})),
      bos_(bos_token(*file_)),
      kinds_(kinds_of(spec())),
      output_norm_(vector(model_->output_norm())),
      head_(matrix(model_->head())) {
  for (int i = 0; i < spec().layers; ++i) layers_.push_back(load(i));
  if (!backend.device.is_cpu()) embeddings_ = all_embeddings();
}

Tensor FrozenModel::all_embeddings() const {
  std::vector<Token> tokens(static_cast<std::size_t>(spec().vocabulary));
  std::iota(tokens.begin(), tokens.end(), 0);
  return embed(tokens);
}

Tensor FrozenModel::vector(const std::vector<float>& values) const {
  return values.empty() ? Tensor() : to_tensor(values, {std::ssize(values)}, backend_);
}

FrozenMatrix FrozenModel::matrix(const Linear& linear) const {
  return FrozenMatrix({linear.stack().begin(), linear.stack().end()}, backend_);
}

FrozenLayer FrozenModel::load(int index) const {
  const model::Layer& layer = model_->layers()[static_cast<std::size_t>(index)];
  return {.qkv = matrix(layer.qkv.own),
          .out = matrix(layer.attention_out.own),
          .gate_up = matrix(layer.gate_up),
          .down = matrix(layer.down),
          .qkv_bias = vector(layer.qkv_bias),
          .attention_norm = vector(layer.attention_norm),
          .feed_forward_norm = vector(layer.feed_forward_norm),
          .query_norm = vector(layer.query_norm),
          .key_norm = vector(layer.key_norm),
          .post_attention_norm = vector(layer.post_attention_norm),
          .post_feed_forward_norm = vector(layer.post_feed_forward_norm),
          .gate = spec().layer(index).gate};
}

Tensor FrozenModel::embed(std::span<const Token> tokens) const {
  const auto rows = static_cast<std::int64_t>(tokens.size());
  if (embeddings_.defined()) {
    const auto ids = torch::tensor(std::vector<std::int64_t>(tokens.begin(), tokens.end()), torch::kLong);
    return embeddings_.index_select(0, ids.to(backend_.device));
  }
  auto x = torch::empty({rows, spec().width}, torch::kFloat);
  if (rows > 0) model_->embed(tokens, x.data_ptr<float>());
  return x.to(backend_.options());
}

Tensor FrozenModel::norm(const Tensor& x, const Tensor& weight) const {
  return rms_norm(x, weight, spec().epsilon, backend_.isa);
}

Tensor FrozenModel::heads(const Tensor& x, int count, const Tensor& weight) const {
  const auto split = x.reshape({x.size(0), count, spec().heads.dim});
  return weight.defined() ? norm(split, weight) : split;
}

RotaryTable FrozenModel::rotary(std::span<const std::int64_t> positions, int layer) const {
  const auto which = spec().layer(layer).rope;
  if (!which) return {};
  const model::Rope& rope = model_->ropes()[static_cast<std::size_t>(*which)];
  const model::RopeTable table = rope.table(positions);
  const std::vector<std::int64_t> shape{static_cast<std::int64_t>(positions.size()), 1, rope.dim() / 2};
  return {to_tensor(table.cos, shape, backend_), to_tensor(table.sin, shape, backend_)};
}

Tensor FrozenModel::rotate(const Tensor& x, const RotaryTable& table) const {
  return table.cos.defined() ? rotate_rows(x, table.cos, table.sin, spec().rope_paired) : x;
}

Tensor FrozenModel::add_attention(const FrozenLayer& layer, const Tensor& x, const Tensor& y) const {
  return x + (layer.post_attention_norm.defined() ? norm(y, layer.post_attention_norm) : y);
}

Tensor FrozenModel::add_feed_forward(const FrozenLayer& layer, const Tensor& x) const {
  const auto gate_up = layer.gate_up.apply(norm(x, layer.feed_forward_norm));
  const auto y = layer.down.apply(gate(gate_up, layer.gate, backend_.isa));
  return x + (layer.post_feed_forward_norm.defined() ? norm(y, layer.post_feed_forward_norm) : y);
}

Tensor FrozenModel::logits(const Tensor& x) const {
  return head_.apply(norm(x, output_norm_));
}

}  // namespace focusllm::train
