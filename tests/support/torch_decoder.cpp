#include "support/torch_decoder.h"

#include <cmath>
#include <vector>

#include "tensor/block_type.h"

namespace focusllm::test {
namespace {

torch::Tensor to_tensor(const gguf::Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
  dequantize(tensor.type, tensor.data.data(), tensor.elements(), values.data());
  std::vector<std::int64_t> shape(tensor.dims.rbegin(), tensor.dims.rend());
  return torch::from_blob(values.data(), shape, torch::kFloat32).to(torch::kFloat64);
}

}  // namespace

TorchDecoder::TorchDecoder(const gguf::File& file) : spec_(model::Spec::from(file)) {
  for (const gguf::Tensor& tensor : file.tensors()) weights_[tensor.name] = to_tensor(tensor);
}

torch::Tensor TorchDecoder::norm(torch::Tensor x, const std::string& name) const {
  return x / torch::sqrt(x.pow(2).mean(-1, true) + spec_.epsilon) * weight(name);
}

torch::Tensor TorchDecoder::rotate(torch::Tensor x, torch::Tensor positions, int layer) const {
  const bool smollm3 = spec_.architecture == "smollm3";
  if (smollm3 && layer % 4 == 3) return x;
  const int dim = spec_.rope_dim;
  const double base = spec_.ropes.at(spec_.window(layer) > 0 ? 1 : 0).base;
  const auto steps = torch::arange(0, dim, 2, torch::kFloat64) / dim;
  const auto angle = (positions.to(torch::kFloat64).unsqueeze(1) * torch::pow(base, -steps)).unsqueeze(1);
  const auto turned = x.slice(-1, 0, dim);
  const bool paired = spec_.architecture == "llama" || smollm3;
  const auto a = paired ? turned.slice(-1, 0, dim, 2) : turned.slice(-1, 0, dim / 2);
  const auto b = paired ? turned.slice(-1, 1, dim, 2) : turned.slice(-1, dim / 2, dim);
  const auto c = a * angle.cos() - b * angle.sin();
  const auto d = a * angle.sin() + b * angle.cos();
  const auto both = paired ? torch::stack({c, d}, -1).flatten(-2) : torch::cat({c, d}, -1);
  return torch::cat({both, x.slice(-1, dim)}, -1);
}

void TorchDecoder::use_adapter(const gguf::File& adapter) {
  for (const gguf::Tensor& tensor : adapter.tensors()) {
    const std::string& name = tensor.name;
    if (name.ends_with(".lora_b")) continue;
    if (!name.ends_with(".lora_a")) {
      candidate_weights_[name] = to_tensor(tensor);
      continue;
    }
    const std::string whole = name.substr(0, name.size() - 7);
    const auto a = to_tensor(tensor);
    const auto b = to_tensor(adapter.tensor(whole + ".lora_b"));
    const double scale = *adapter.number("adapter.lora.alpha") / static_cast<double>(a.size(0));
    candidate_weights_[whole] = weight(whole) + scale * torch::matmul(b, a);
  }
}

torch::Tensor TorchDecoder::product(torch::Tensor x, const std::string& name, std::int64_t candidate) const {
  auto y = torch::matmul(x, weight(name).t());
  const auto other = candidate_weights_.find(name);
  if (candidate >= 0 && other != candidate_weights_.end())
    y[candidate] = torch::mv(other->second, x[candidate]);
  return y;
}

torch::Tensor TorchDecoder::project(torch::Tensor x, const std::string& name, int heads,
                                    std::int64_t candidate) const {
  auto y = product(x, name + ".weight", candidate);
  if (has(name + ".bias")) y = y + weight(name + ".bias");
  return y.view({x.size(0), heads, spec_.heads.dim});
}

torch::Tensor TorchDecoder::layer(int index, torch::Tensor x, const Attention& attention,
                                  std::int64_t candidate) const {
  const std::string prefix = "blk." + std::to_string(index) + ".";
  auto n = norm(x, prefix + "attn_norm.weight");
  auto q = project(n, prefix + "attn_q", spec_.heads.heads, candidate);
  auto k = project(n, prefix + "attn_k", spec_.heads.kv_heads, candidate);
  const auto v = project(n, prefix + "attn_v", spec_.heads.kv_heads, candidate);
  if (has(prefix + "attn_q_norm.weight")) {
    q = norm(q, prefix + "attn_q_norm.weight");
    k = norm(k, prefix + "attn_k_norm.weight");
  }
  auto y = product(attention(index, q, k, v).flatten(1), prefix + "attn_output.weight", candidate);
  if (has(prefix + "post_attention_norm.weight")) y = norm(y, prefix + "post_attention_norm.weight");
  x = x + y;
  n = norm(x, prefix + "ffn_norm.weight");
  const auto gate = torch::matmul(n, weight(prefix + "ffn_gate.weight").t());
  const auto up = torch::matmul(n, weight(prefix + "ffn_up.weight").t());
  const auto act = spec_.architecture == "gemma3" ? torch::gelu(gate, "tanh") : torch::silu(gate);
  y = torch::matmul(act * up, weight(prefix + "ffn_down.weight").t());
  if (has(prefix + "post_ffw_norm.weight")) y = norm(y, prefix + "post_ffw_norm.weight");
  return x + y;
}

torch::Tensor TorchDecoder::forward(std::span<const std::int32_t> tokens, const Attention& attention,
                                    std::int64_t candidate) const {
  const torch::NoGradGuard no_grad;
  const std::vector<std::int64_t> ids(tokens.begin(), tokens.end());
  auto x = weight("token_embd.weight").index_select(0, torch::tensor(ids));
  if (spec_.architecture == "gemma3") x = x * std::sqrt(static_cast<double>(spec_.width));
  for (int i = 0; i < spec_.layers; ++i) x = layer(i, x, attention, candidate);
  return norm(x, "output_norm.weight");
}

torch::Tensor masked_attention(torch::Tensor q, torch::Tensor k, torch::Tensor v, torch::Tensor visible,
                               double scale) {
  const std::int64_t group = q.size(1) / k.size(1);
  k = k.repeat_interleave(group, 1);
  v = v.repeat_interleave(group, 1);
  const auto logits = torch::einsum("nhd,mhd->hnm", {q, k}) * scale;
  const auto masked = logits.masked_fill(visible.logical_not().unsqueeze(0), -INFINITY);
  return torch::einsum("hnm,mhd->nhd", {torch::nan_to_num(torch::softmax(masked, -1), 0.0), v});
}

}  // namespace focusllm::test
