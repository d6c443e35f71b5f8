#include "context/streaming.h"

#include <algorithm>

#include "context/sizes.h"

namespace focusllm::context {
Streaming::Streaming(const Options& options, std::shared_ptr<const model::Model> model,
                     const CancelToken& cancel)
    : Sequential(std::move(model), cancel, kPassRows, false),
      one_distance_(options.method == "lm-infinite"),
      initial_(options.initial),
      local_(options.local),
      rotary_(Sequential::model()),
      sink_rotary_(Sequential::model()) {
  for (int i = 0; i < spec().layers; ++i) {
    const std::int64_t window = spec().window(i) > 0 ? spec().window(i) : local_;
    layers_.push_back({WindowCache(spec(), options.kv_type, window, WindowCache::kPage),
                       WindowCache(spec(), options.kv_type, 0, std::max<std::int64_t>(initial_, 1))});
  }
  const std::int64_t last[] = {local_ - 1};
  if (one_distance_) sink_rotary_.set_positions(last);
}

void Streaming::fill(Options& options, const model::Spec& spec) {
  const std::int64_t trained = spec.trained_context;
  const std::int64_t initial = options.method == "lm-infinite" ? 100 : 4;
  options.local = or_default(options.local, std::max<std::int64_t>(1, trained / 2));
  check_size("--local", options.local, 1, trained);
  options.initial = initial_tokens(options, initial);
}

std::int64_t Streaming::memory_bytes() const {
  std::int64_t bytes = 0;
  for (const LayerCache& layer : layers_) bytes += layer.local.bytes() + layer.sinks.bytes();
  return bytes;
}

std::int64_t Streaming::bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  std::int64_t bytes = 0;
  for (int i = 0; i < spec.layers; ++i) {
    const std::int64_t window = spec.window(i) > 0 ? spec.window(i) : options.local;
    bytes += window_bytes(spec, options.kv_type, window, tokens);
    bytes += window_bytes(spec, options.kv_type, 0, std::min(tokens, options.initial));
  }
  return bytes;
}

void Streaming::begin(std::int64_t, std::int64_t) {
  rotary_.set_positions(positions());
  if (one_distance_) return;
  std::vector<std::int64_t> cached(positions());
  for (std::int64_t& position : cached) position = std::min(position, initial_ + local_ - 1);
  sink_rotary_.set_positions(cached);
}

void Streaming::add_sinks(const model::LayerRows& layer, LayerCache& cache) {
  const std::int64_t missing = initial_ - cache.sinks.keys.count();
  const std::int64_t count = std::min(missing, layer.rows.size());
  if (count <= 0) return;
  const auto& heads = spec().heads;
  if (one_distance_) {
    cache.sinks.keys.append(layer.qkv + layer.keys, layer.stride, count);
  } else {
    cache.sinks.keys.append(rotary_.keys(layer), std::int64_t{heads.kv_heads} * heads.dim, count);
  }
  cache.sinks.values.append(layer.qkv + layer.values, layer.stride, count);
}

void Streaming::attend(const model::LayerRows& layer) {
  LayerCache& cache = layers_[static_cast<std::size_t>(layer.layer)];
  if (spec().window(layer.layer) > 0) return cache.local.attend(spec(), layer, rotary_);

  cache.local.append(layer, rotary_.keys(layer), spec().heads);
  add_sinks(layer, cache);
  attention::Part parts[] = {cache.local.part(spec(), layer, rotary_.queries(layer)),
                             cache.sinks.part(spec(), layer, sink_rotary_.queries(layer))};
  parts[1].visible = attention::beyond(local_);
  attention::attend(block_of(spec(), layer, cache.local.keys.type(), parts));
}

}  // namespace focusllm::context
