#include "bench_limit.h"

#include <algorithm>
#include <limits>

#include "base/bf16.h"
#include "context/focus/focus.h"
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

std::int64_t Limit::most_keys(int layer, std::int64_t blocks) const {
  std::int64_t most = std::numeric_limits<std::int64_t>::max() / 2;
  if (options_.method == "streaming" || options_.method == "lm-infinite")
    most = options_.initial + options_.local;
  if (options_.method == "infllm") most = options_.initial + options_.local + blocks * options_.block;
  const std::int64_t window = engine_.spec().window(layer);
  return window > 0 ? std::min(most, window) : most;
}

double Limit::representative_bytes(int layer, std::int64_t depth) const {
  const model::Spec& spec = engine_.spec();
  if (options_.method != "infllm" || spec.window(layer) > 0) return 0;
  const std::int64_t remembered = std::max<std::int64_t>(0, depth - options_.initial - options_.local);
  const std::int64_t blocks = remembered / options_.block;
  return static_cast<double>(blocks * spec.attention_width()) * sizeof(Bf16);
}

std::int64_t Limit::chunks(std::int64_t tokens) const {
  return options_.method == "focus" ? context::Focus::chunks_of(options_, tokens) : 0;
}

Limit::Work Limit::reading(int layer, std::int64_t tokens) const {
  const std::int64_t most = most_keys(layer, options_.top_k);
  if (options_.method != "focus") return {static_cast<double>(tokens), causal_pairs(tokens, most)};
  const std::int64_t local = std::min(tokens, options_.local);
  const auto count = static_cast<double>(chunks(tokens));
  const std::int64_t together = options_.chunk + options_.tail;
  return {
      static_cast<double>(tokens) + count * static_cast<double>(options_.overlap + options_.tail),
      count * causal_pairs(together, most) + causal_pairs(local, most) + count * static_cast<double>(local)};
}

double Limit::seconds(double rows, double pairs_of_all_layers) const {
  const model::Spec& spec = engine_.spec();
  const bool bf16 = attention::uses_bf16(options_.kv_type);
  const double product_rate = peaks_.product(engine_.model().layers().front().qkv.own.product_type()) * 1e9;
  const double attention_rate = (bf16 ? peaks_.bf16 : peaks_.f32) * 1e9;
  if (product_rate <= 0 || attention_rate <= 0) return 0;
  return 2.0 * static_cast<double>(spec.layer_parameters()) * rows / product_rate +
         4.0 * spec.attention_width() * pairs_of_all_layers / attention_rate;
}

double Limit::prefill(std::int64_t tokens) const {
  Work all;
  for (int layer = 0; layer < engine_.spec().layers; ++layer) {
    const Work work = reading(layer, tokens);
    all = {work.rows, all.pairs + work.pairs};
  }
  const double least = seconds(all.rows, all.pairs);
  return least > 0 ? static_cast<double>(tokens) / least : 0;
}

double Limit::decode(std::int64_t depth, int sessions) const {
  const model::Spec& spec = engine_.spec();
  const int element = options_.kv_type == attention::KvType::int8   ? 1
                      : options_.kv_type == attention::KvType::bf16 ? 2
                                                                    : 4;
  const auto renewed = static_cast<double>(std::min(chunks(depth), options_.renew));
  const double chunk_keys = renewed * static_cast<double>(options_.chunk + options_.tail);
  double bytes = 0;  // of one session
  for (int layer = 0; layer < spec.layers; ++layer) {
    const std::int64_t own =
        options_.method == "focus" ? std::min(depth, options_.local) + chunks(depth) : depth;
    const double keys =
        static_cast<double>(std::min(own, most_keys(layer, options_.answer_top_k))) + chunk_keys;
    bytes += 2.0 * keys * spec.heads.kv_heads * spec.heads.dim * element + representative_bytes(layer, depth);
  }
  // Renewed chunks bring two rows each, an ordinary one and the candidate.
  const double rows = 2 * renewed / static_cast<double>(std::max<std::int64_t>(1, options_.refresh));
  const double all_bytes = weight_bytes(engine_.file()) + sessions * bytes;
  return sessions / std::max(all_bytes / (peaks_.read_bandwidth * 1e9), seconds(sessions * (1 + rows), 0));
}

}  // namespace focusllm::cli
