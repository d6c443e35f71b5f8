#include "context/streaming.h"

#include <algorithm>

#include "context/sizes.h"

namespace focusllm::context {
Streaming::Streaming(const Options& options, std::shared_ptr<const model::Model> the_model)
    : SingleLane(std::move(the_model), {}),
      one_distance_(options.method == "lm-infinite"),
      initial_(options.initial),
      local_(options.local) {
  for (int i = 0; i < spec().layers; ++i) {
    const std::int64_t window = spec().window(i) > 0 ? spec().window(i) : local_;
    layers_.push_back({WindowCache(spec(), options.kv_type, window, WindowCache::kPage),
                       WindowCache(spec(), options.kv_type, 0, std::max<std::int64_t>(initial_, 1))});
  }
  const std::int64_t last[] = {local_ - 1};
  if (one_distance_) sink_rotations_ = {model(), last};
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

void Streaming::begin(std::span<const std::int64_t> positions) {
  if (one_distance_) return;
  std::vector<std::int64_t> cached(positions.begin(), positions.end());
  for (std::int64_t& position : cached) position = std::min(position, initial_ + local_ - 1);
  sink_rotations_ = {model(), cached};
}

void Streaming::add_sinks(const model::LaneRows& rows, const float* keys, LayerCache& cache) {
  const std::int64_t missing = initial_ - cache.sinks.keys.count();
  const std::int64_t count = std::min(missing, rows.count);
  if (count <= 0) return;
  const auto& heads = spec().heads;
  if (one_distance_) {
    cache.sinks.keys.append(rows.raw_keys, rows.stride, count);
  } else {
    cache.sinks.keys.append(keys, std::int64_t{heads.kv_heads} * heads.dim, count);
  }
  cache.sinks.values.append(rows.values, rows.stride, count);
}

void Streaming::attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) {
  LayerCache& cache = layers_[static_cast<std::size_t>(rows.layer)];
  if (spec().window(rows.layer) > 0) return cache.local.attend(spec(), rows, blocks);

  const float* keys = rows.keys();
  cache.local.append(rows, keys);
  add_sinks(rows, keys, cache);
  if (rows.keys_only) return;
  parts_ = {cache.local.part(spec(), rows, rows.queries()),
            cache.sinks.part(spec(), rows, rows.queries(sink_rotations_, 1))};
  parts_[1].visible = attention::beyond(local_);
  blocks.push_back(rows.block(cache.local.keys.type(), parts_));
}

}  // namespace focusllm::context
