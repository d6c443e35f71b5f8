#include "train/frozen_model.h"

#include <numeric>

#include <ATen/Parallel.h>

#include "base/threads.h"
#include "tokenizer/tokenizer.h"
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

const char* head_name(const gguf::File& file) {
  return file.find_tensor("output.weight") != nullptr ? "output.weight" : "token_embd.weight";
}

Tensor to_tensor(const std::vector<float>& values, std::vector<std::int64_t> shape, const Backend& backend) {
  return torch::tensor(values, torch::kFloat).view(shape).to(backend.options());
}

}  // namespace

// The engine's model checks every shape; its products are packed only where they are used.
FrozenModel::FrozenModel(std::shared_ptr<const gguf::File> file, const Backend& backend)
    : file_(std::move(file)),
      backend_(with_all_threads(backend)),
      model_(std::make_shared<model::Model>(file_, backend.ordinary_product)),
      bos_(bos_token(*file_)),
      output_norm_(vector("output_norm.weight")),
      head_({matrix(head_name(*file_))}, backend) {
  for (int i = 0; i < spec().layers; ++i) layers_.push_back(load(i));
  if (!backend.device.is_cpu()) embeddings_ = all_embeddings();
}

Tensor FrozenModel::all_embeddings() const {
  std::vector<Token> tokens(static_cast<std::size_t>(spec().vocabulary));
  std::iota(tokens.begin(), tokens.end(), 0);
  return embed(tokens);
}

Tensor FrozenModel::vector(const std::string& name) const {
  const gguf::Tensor* tensor = file_->find_tensor(name);
  if (tensor == nullptr) return {};
  std::vector<float> values(static_cast<std::size_t>(tensor->elements()));
  dequantize(tensor->type, tensor->data.data(), tensor->elements(), values.data());
  return to_tensor(values, {tensor->elements()}, backend_);
}

Tensor FrozenModel::bias(const std::string& prefix) const {
  const auto query = vector(prefix + "attn_q.bias");
  if (!query.defined()) return {};
  return torch::cat({query, vector(prefix + "attn_k.bias"), vector(prefix + "attn_v.bias")});
}

FrozenLayer FrozenModel::load(int index) const {
  const std::string prefix = "blk." + std::to_string(index) + ".";
  const auto frozen = [&](const std::vector<const char*>& names) {
    std::vector<BlockMatrix> stack;
    for (const char* name : names) stack.push_back(matrix(prefix + name));
    return FrozenMatrix(stack, backend_);
  };
  return {frozen({"attn_q.weight", "attn_k.weight", "attn_v.weight"}),
          frozen({"attn_output.weight"}),
          frozen({"ffn_gate.weight", "ffn_up.weight"}),
          frozen({"ffn_down.weight"}),
          bias(prefix),
          vector(prefix + "attn_norm.weight"),
          vector(prefix + "ffn_norm.weight"),
          vector(prefix + "attn_q_norm.weight"),
          vector(prefix + "attn_k_norm.weight"),
          vector(prefix + "post_attention_norm.weight"),
          vector(prefix + "post_ffw_norm.weight")};
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
  return rms_norm(x, weight, spec().epsilon);
}

Tensor FrozenModel::heads(const Tensor& x, int count, const Tensor& weight) const {
  const auto split = x.reshape({x.size(0), count, spec().heads.dim});
  return weight.defined() ? norm(split, weight) : split;
}

RotaryTable FrozenModel::rotary(std::span<const std::int64_t> positions, int layer) const {
  const model::Rope& rope = spec().window(layer) > 0 ? model_->sliding_rope() : model_->rope();
  const model::RopeTable table = rope.table(positions);
  const std::vector<std::int64_t> shape{static_cast<std::int64_t>(positions.size()), 1, rope.dim() / 2};
  return {to_tensor(table.cos, shape, backend_), to_tensor(table.sin, shape, backend_)};
}

Tensor FrozenModel::rotate(const Tensor& x, const RotaryTable& table) const {
  return rotate_rows(x, table.cos, table.sin, spec().rope_paired);
}

Tensor FrozenModel::add_attention(const FrozenLayer& layer, const Tensor& x, const Tensor& y) const {
  return x + (layer.post_attention_norm.defined() ? norm(y, layer.post_attention_norm) : y);
}

Tensor FrozenModel::add_feed_forward(const FrozenLayer& layer, const Tensor& x) const {
  const auto gate_up = layer.gate_up.apply(norm(x, layer.feed_forward_norm));
  const auto y = layer.down.apply(gate(gate_up, spec().gate));
  return x + (layer.post_feed_forward_norm.defined() ? norm(y, layer.post_feed_forward_norm) : y);
}

Tensor FrozenModel::logits(const Tensor& x) const {
  return head_.apply(norm(x, output_norm_));
}

}  // namespace focusllm::train
