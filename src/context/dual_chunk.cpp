#include "context/dual_chunk.h"

#include <algorithm>
#include <cmath>

#include "context/sizes.h"

namespace focusllm::context {
namespace {

/// YaRN's temperature (methods.md section 3): queries and keys are multiplied by 0.1 ln(length / trained)
/// + 1.
float sharpness(const Options& options, const model::Spec& spec) {
  const double beyond = static_cast<double>(options.sharpen) / static_cast<double>(spec.trained_context);
  const double factor = beyond > 1 ? 0.1 * std::log(beyond) + 1 : 1;
  return static_cast<float>(factor * factor);
}

}  // namespace

DualChunk::DualChunk(const Options& options, std::shared_ptr<const model::Model> model,
                     const CancelToken& cancel)
    : Sequential(std::move(model), cancel, kPassRows, false),
      chunk_(options.chunk),
      period_(options.chunk - options.local),
      scale_(spec().attention_scale * sharpness(options, spec())),
      true_(Sequential::model()),
      rotary_{Rotary(Sequential::model()), Rotary(Sequential::model()), Rotary(Sequential::model())} {
  for (int i = 0; i < spec().layers; ++i)
    layers_.emplace_back(spec(), options.kv_type, spec().window(i), WindowCache::kPage);
  const std::int64_t oldest[] = {chunk_};
  rotary_[kOlder].set_positions(oldest);
}

void DualChunk::fill(Options& options, const model::Spec& spec) {
  const std::int64_t trained = spec.trained_context;
  options.chunk = or_default(options.chunk, std::max<std::int64_t>(3, trained * 3 / 4));
  check_size("--chunk", options.chunk, 3, trained);
  options.local = or_default(options.local, std::max<std::int64_t>(1, options.chunk / 6));
  // Shorter than the period: else the token two periods back would stand nearer than it is.
  check_size("--local", options.local, 1, (options.chunk - 1) / 2);
}

std::int64_t DualChunk::memory_bytes() const {
  return bytes_of(layers_);
}

std::int64_t DualChunk::bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  return layers_bytes(spec, options.kv_type, tokens);
}

void DualChunk::begin(std::int64_t first, std::int64_t count) {
  true_.set_positions(positions());
  std::vector<std::int64_t> own(positions()), previous(positions());
  for (std::int64_t& position : own) position %= period_;
  for (std::int64_t& position : previous) position = std::min(position % period_ + period_, chunk_);
  rotary_[kOwn].set_positions(own);
  rotary_[kPrevious].set_positions(previous);
  groups_.clear();
  for (std::int64_t token = first; token < first + count;) {
    const std::int64_t period = token / period_;
    const std::int64_t end = std::min((period + 1) * period_, first + count);
    groups_.push_back({period, token - first, end - token});
    token = end;
  }
}

std::pair<std::int64_t, std::int64_t> DualChunk::keys_of(const Group& group, Span span) const {
  const std::int64_t begin = group.period * period_;
  const std::int64_t before = std::max<std::int64_t>(begin - period_, 0);
  switch (span) {
    case kOwn:
      return {begin, positions().front() + group.first + group.count};
    case kPrevious:
      return {before, begin};
    default:
      return {0, before};
  }
}

void DualChunk::add_parts(const model::LayerRows& layer, const WindowCache& cache, Span span) {
  const float* queries = nullptr;  // rotated only where there are keys
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const Group& group = groups_[i];
    const auto [begin, end] = keys_of(group, span);
    if (begin >= end) continue;
    if (queries == nullptr) queries = rotary_[span].queries(layer);
    memory::add_runs(cache.keys, cache.values, begin, end, runs_.emplace_back());
    parts_[i].push_back({.queries = queries + group.first * spec().attention_width(),
                         .positions = layer.rows.positions.data() + group.first,
                         .scale = scale_,
                         .runs = runs_.back()});
  }
}

void DualChunk::attend(const model::LayerRows& layer) {
  WindowCache& cache = layers_[static_cast<std::size_t>(layer.layer)];
  if (cache.window > 0) return cache.attend(spec(), layer, true_);

  cache.append(layer, rotary_[kOwn].keys(layer), spec().heads);
  parts_.assign(groups_.size(), {});
  runs_.clear();
  for (const Span span : {kOwn, kPrevious, kOlder}) add_parts(layer, cache, span);
  std::vector<attention::Block> blocks;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    blocks.push_back(block_of(spec(), layer, cache.keys.type(), parts_[i]));
    blocks.back().rows = groups_[i].count;
    blocks.back().out += groups_[i].first * spec().attention_width();
  }
  attention::attend(blocks);
}

}  // namespace focusllm::context
