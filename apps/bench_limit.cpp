#include "bench_limit.h"

#include <algorithm>
#include <limits>

#include "engine/options.h"
#include "model/model.h"

namespace focusllm::cli {
namespace {

/// Sum over positions 0 .. tokens-1 of the keys that a causal query sees when it sees at most `most`.
double causal_pairs(std::int64_t tokens, std::int64_t most) {
  const auto growing = static_cast<double>(std::min(tokens, most));
  const auto constant = static_cast<double>(std::max<std::int64_t>(0, tokens - most));
  return growing * (growing + 1) / 2 + constant * static_cast<double>(most);
}

/// Bytes that every generated token reads: all layers, and the head (the embedding where they are tied).
double weight_bytes(const gguf::File& file) {
  const bool own_head = file.find_tensor("output.weight") != nullptr;
  std::size_t bytes = 0;
  for (const auto& tensor : file.tensors()) {
    const bool head = tensor.name == (own_head ? "output.weight" : "token_embd.weight");
    if (head || tensor.name.starts_with("blk.")) bytes += tensor.data.size();
  }
  return static_cast<double>(bytes);
}

}  // namespace

Limit::Limit(const Engine& engine, const ContextOptions& options, attention::KvType kv_type,
             const Peaks& peaks)
    : engine_(engine),
      options_(context::with_defaults(resolve(options, kv_type), engine.spec())),
      peaks_(peaks) {}

std::int64_t Limit::most_keys(int layer) const {
  std::int64_t most = std::numeric_limits<std::int64_t>::max() / 2;
  if (options_.method == "streaming") most = options_.initial + options_.local;
  if (options_.method == "infllm") most = options_.initial + options_.local + options_.top_k * options_.block;
  const std::int64_t window = engine_.spec().window(layer);
  return window > 0 ? std::min(most, window) : most;
}

double Limit::prefill(std::int64_t tokens) const {
  const model::Spec& spec = engine_.spec();
  const ProductType type = engine_.model().layers().front().qkv.own.product_type();
  const bool bf16 = attention::uses_bf16(options_.kv_type);
  const double product_rate = peaks_.product(type) * 1e9;
  const double attention_rate = (bf16 ? peaks_.bf16 : peaks_.f32) * 1e9;
  if (product_rate <= 0 || attention_rate <= 0) return 0;

  double pairs = 0;
  for (int layer = 0; layer < spec.layers; ++layer) pairs += causal_pairs(tokens, most_keys(layer));
  const double products = 2.0 * static_cast<double>(spec.layer_parameters()) * static_cast<double>(tokens);
  const double seconds = products / product_rate + 4.0 * spec.attention_width() * pairs / attention_rate;
  return static_cast<double>(tokens) / seconds;
}

double Limit::decode(std::int64_t depth) const {
  const model::Spec& spec = engine_.spec();
  const int element = options_.kv_type == attention::KvType::int8   ? 1
                      : options_.kv_type == attention::KvType::bf16 ? 2
                                                                    : 4;
  double bytes = weight_bytes(engine_.file());
  for (int layer = 0; layer < spec.layers; ++layer)
    bytes += 2.0 * static_cast<double>(std::min(depth, most_keys(layer))) * spec.heads.kv_heads *
             spec.heads.dim * element;
  return peaks_.read_bandwidth * 1e9 / bytes;
}

}  // namespace focusllm::cli
