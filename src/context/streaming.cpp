#include "context/streaming.h"

#include <algorithm>

#include "context/method.h"

namespace focusllm::context {
namespace {

std::int64_t half_the_trained(const Options& /*options*/, const model::Spec& spec) {
  return std::max<std::int64_t>(1, spec.trained_context / 2);
}
template <std::int64_t kTokens>
constexpr std::array<Taken, 2> taken(std::string_view tokens) {
  return {Taken{&kLocal, "half the trained context", half_the_trained, one, trained_context},
          Taken{&kInitial, tokens, at_most_local<kTokens>, none, local_window}};
}
constexpr std::array kStreamingTaken = taken<4>("4");
constexpr std::array kLmInfiniteTaken = taken<100>("100");

template <bool kOneDistance>
constexpr Method method(const MethodTraits& traits, std::span<const Taken> settings) {
  return {
      .traits = traits,
      .settings = settings,
      .make = [](const Options& options,
                 std::shared_ptr<const model::Model> model) -> std::unique_ptr<Context> {
        return std::make_unique<Streaming>(options, std::move(model), kOneDistance);
      },
      .bytes_needed = [](const Options& options, const model::Spec& spec,
                         std::int64_t tokens) { return window_needed(options, spec, tokens, spec.layers); },
      .reading =
          [](const Options& options, const model::Spec& spec, int layer, std::int64_t tokens) {
            return causal_reading(spec, layer, tokens, options.initial + options.local);
          },
      .answering =
          [](const Options& options, const model::Spec& spec, int layer, std::int64_t depth) {
            return causal_answering(spec, layer, depth, options.initial + options.local);
          }};
}

}  // namespace

const Method kStreaming =
    method<false>({.name = "streaming",
                   .sees = "the first tokens and a sliding window, at positions in the cache",
                   .keeps = "the window",
                   .suits = "going on with an endless text; what left the window is forgotten",
                   .linear = true,
                   .forks = true},
                  kStreamingTaken);
const Method kLmInfinite = method<true>(
    {.name = "lm-infinite",
     .sees = "the first tokens at one distance, that of the window's first token, and a sliding window",
     .keeps = "the window",
     .suits = "going on with an endless text; what left the window is forgotten",
     .linear = true,
     .forks = true},
    kLmInfiniteTaken);

std::int64_t window_needed(const Options& options, const model::Spec& spec, std::int64_t tokens, int layers) {
  std::int64_t bytes = 0;
  for (int i = 0; i < layers; ++i) {
    const std::int64_t window = spec.window(i) > 0 ? spec.window(i) : options.local;
    bytes += window_bytes(spec, options.kv_type, window, tokens);
    bytes += window_bytes(spec, options.kv_type, 0, std::min(tokens, options.initial));
  }
  return bytes;
}

Streaming::Streaming(const Options& options, std::shared_ptr<const model::Model> the_model, bool one_distance)
    : SingleLane(std::move(the_model), {}),
      one_distance_(one_distance),
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

std::int64_t Streaming::memory_bytes() const {
  std::int64_t bytes = 0;
  for (const LayerCache& layer : layers_) bytes += layer.local.bytes() + layer.sinks.bytes();
  return bytes;
}

void Streaming::save_rows(memory::Saver& saver) const {
  for (const LayerCache& layer : layers_) {
    layer.local.save(saver);
    layer.sinks.save(saver);
  }
}

void Streaming::load_rows(memory::Loader& loader) {
  for (LayerCache& layer : layers_) {
    layer.local.load(loader);
    layer.sinks.load(loader);
  }
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
