#include "context/window_cache.h"

#include <algorithm>

namespace focusllm::context {

WindowCache::WindowCache(const model::Spec& spec, attention::KvType type, std::int64_t window_tokens,
                         std::int64_t page)
    : window(window_tokens), keys(spec.heads, type, page), values(spec.heads, type, page) {}

void WindowCache::append(const model::LayerRows& layer, const float* rotated_keys,
                         const attention::HeadShape& heads) {
  if (window > 0) {
    const std::int64_t oldest = layer.rows.positions.front() - window + 1;
    keys.drop_before(oldest);
    values.drop_before(oldest);
  }
  keys.append(rotated_keys, std::int64_t{heads.kv_heads} * heads.dim, layer.rows.size());
  values.append(layer.qkv + layer.values, layer.stride, layer.rows.size());
}

attention::Part WindowCache::part(const model::Spec& spec, const model::LayerRows& layer,
                                  const float* queries) {
  runs.clear();
  memory::add_runs(keys, values, keys.first(), keys.count(), runs);
  return {.queries = queries,
          .positions = layer.rows.positions.data(),
          .visible = window > 0 ? attention::window(window) : attention::kCausal,
          .scale = spec.attention_scale,
          .runs = runs};
}

attention::Block block_of(const model::Spec& spec, const model::LayerRows& layer, attention::KvType type,
                          std::span<const attention::Part> parts) {
  return {.shape = spec.heads,
          .type = type,
          .use = layer.rows.uses.front(),
          .rows = layer.rows.size(),
          .parts = parts,
          .out = layer.out};
}

std::int64_t window_bytes(const model::Spec& spec, attention::KvType type, std::int64_t window,
                          std::int64_t tokens) {
  // A block of new rows and a page stand beside the window.
  constexpr std::int64_t kBeside = 1024;
  const std::int64_t held = window > 0 ? std::min(tokens, window + kBeside) : tokens;
  return 2 * held * memory::row_bytes(spec.heads, type);
}

void WindowCache::attend(const model::Spec& spec, const model::LayerRows& layer, Rotary& rotary) {
  append(layer, rotary.keys(layer), spec.heads);
  const attention::Part all = part(spec, layer, rotary.queries(layer));
  attention::attend(block_of(spec, layer, keys.type(), {&all, 1}));
}

std::int64_t bytes_of(std::span<const WindowCache> layers) {
  std::int64_t bytes = 0;
  for (const WindowCache& layer : layers) bytes += layer.bytes();
  return bytes;
}

std::int64_t layers_bytes(const model::Spec& spec, attention::KvType type, std::int64_t tokens) {
  std::int64_t bytes = 0;
  for (int i = 0; i < spec.layers; ++i) bytes += window_bytes(spec, type, spec.window(i), tokens);
  return bytes;
}

}  // namespace focusllm::context
