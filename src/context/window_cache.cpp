#include "context/window_cache.h"

#include <algorithm>

namespace focusllm::context {

WindowCache::WindowCache(const model::Spec& spec, attention::KvType type, std::int64_t window_tokens,
                         std::int64_t page)
    : window(window_tokens), keys(spec.heads, type, page), values(spec.heads, type, page) {}

void WindowCache::append(const model::LaneRows& rows, const float* rotated_keys) {
  if (window > 0) {
    const std::int64_t oldest = rows.positions[0] - window + 1;
    keys.drop_before(oldest);
    values.drop_before(oldest);
  }
  keys.append(rotated_keys, std::int64_t{keys.shape().kv_heads} * keys.shape().dim, rows.count);
  values.append(rows.values, rows.stride, rows.count);
}

attention::Part WindowCache::part(const model::Spec& spec, const model::LaneRows& rows,
                                  const float* queries) {
  runs.clear();
  memory::add_runs(keys, values, keys.first(), keys.count(), runs);
  return {.queries = queries,
          .positions = rows.positions,
          .visible = window > 0 ? attention::window(window) : attention::kCausal,
          .scale = spec.attention_scale,
          .runs = runs};
}

void WindowCache::attend(const model::Spec& spec, const model::LaneRows& rows,
                         std::vector<attention::Block>& blocks) {
  append(rows, rows.keys());
  if (rows.keys_only) return;
  whole = part(spec, rows, rows.queries());
  blocks.push_back(rows.block(keys.type(), {&whole, 1}));
}

std::int64_t window_bytes(const model::Spec& spec, attention::KvType type, std::int64_t window,
                          std::int64_t tokens) {
  // A block of new rows and a page stand beside the window.
  constexpr std::int64_t kBeside = 1024;
  const std::int64_t held = window > 0 ? std::min(tokens, window + kBeside) : tokens;
  return 2 * held * memory::row_bytes(spec.heads, type);
}

std::int64_t bytes_of(std::span<const WindowCache> layers) {
  std::int64_t bytes = 0;
  for (const WindowCache& layer : layers) bytes += layer.bytes();
  return bytes;
}

void WindowCache::save(memory::Saver& saver) const {
  keys.save(saver);
  values.save(saver);
}

void WindowCache::load(memory::Loader& loader) {
  keys.load(loader);
  values.load(loader);
}

void save(std::span<const WindowCache> layers, memory::Saver& saver) {
  for (const WindowCache& layer : layers) layer.save(saver);
}

void load(std::span<WindowCache> layers, memory::Loader& loader) {
  for (WindowCache& layer : layers) layer.load(loader);
}

std::int64_t layers_bytes(const model::Spec& spec, attention::KvType type, std::int64_t tokens) {
  std::int64_t bytes = 0;
  for (int i = 0; i < spec.layers; ++i) bytes += window_bytes(spec, type, spec.window(i), tokens);
  return bytes;
}

}  // namespace focusllm::context
