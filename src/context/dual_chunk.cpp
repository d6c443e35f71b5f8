#include "context/dual_chunk.h"

#include <algorithm>
#include <cmath>

#include "context/method.h"

namespace focusllm::context {
namespace {

/// YaRN's temperature (methods.md section 3): queries and keys are multiplied by 0.1 ln(length / trained)
/// + 1.
float sharpness(const Options& options, const model::Spec& spec) {
  const double beyond = static_cast<double>(options.sharpen) / static_cast<double>(spec.trained_context);
  const double factor = beyond > 1 ? 0.1 * std::log(beyond) + 1 : 1;
  return static_cast<float>(factor * factor);
}

std::int64_t three(const Options& /*options*/, const model::Spec& /*spec*/) {
  return 3;
}
/// Shorter than the period: else the token two periods back would stand nearer than it is.
std::int64_t less_than_half(const Options& options, const model::Spec& /*spec*/) {
  return (options.chunk - 1) / 2;
}

constexpr Taken kDualChunkSettings[] = {
    {&kChunk, "three quarters of the trained context",
     [](const Options&, const model::Spec& spec) {
       return std::max<std::int64_t>(3, spec.trained_context * 3 / 4);
     },
     three, trained_context},
    {&kLocal, "a sixth of the chunk; less than half of it",
     [](const Options& options, const model::Spec&) { return std::max<std::int64_t>(1, options.chunk / 6); },
     one, less_than_half},
    {&kSharpen, "0"}};

}  // namespace

const Method kDualChunk = {.traits = {.name = "dca",
                                      .sees = "everything before it, at distances that the model knows",
                                      .keeps = "all keys and values",
                                      .suits = "texts somewhat longer than the trained context",
                                      .forks = true},
                           .settings = kDualChunkSettings,
                           .make = make_one<DualChunk>,
                           .bytes_needed = bytes_of_all,
                           .reading = read_all,
                           .answering = answer_all};

DualChunk::DualChunk(const Options& options, std::shared_ptr<const model::Model> the_model)
    : SingleLane(std::move(the_model), {}),
      chunk_(options.chunk),
      period_(options.chunk - options.local),
      scale_(spec().attention_scale * sharpness(options, spec())) {
  for (int i = 0; i < spec().layers; ++i)
    layers_.emplace_back(spec(), options.kv_type, spec().window(i), WindowCache::kPage);
  const std::int64_t oldest[] = {chunk_};
  rotations_[kOlder] = {model(), oldest};
}

std::int64_t DualChunk::memory_bytes() const {
  return bytes_of(layers_);
}

void DualChunk::begin(std::span<const std::int64_t> positions) {
  std::vector<std::int64_t> own(positions.begin(), positions.end()), previous(own);
  for (std::int64_t& position : own) position %= period_;
  for (std::int64_t& position : previous) position = std::min(position % period_ + period_, chunk_);
  rotations_[kOwn] = {model(), own};
  rotations_[kPrevious] = {model(), previous};
  groups_.clear();
  const std::int64_t first = positions.front(), end_of_all = positions.back() + 1;
  for (std::int64_t token = first; token < end_of_all;) {
    const std::int64_t period = token / period_;
    const std::int64_t end = std::min((period + 1) * period_, end_of_all);
    groups_.push_back({period, token - first, end - token});
    token = end;
  }
}

std::pair<std::int64_t, std::int64_t> DualChunk::keys_of(const model::LaneRows& rows, const Group& group,
                                                         Span span) const {
  const std::int64_t begin = group.period * period_;
  const std::int64_t before = std::max<std::int64_t>(begin - period_, 0);
  switch (span) {
    case kOwn:
      return {begin, rows.positions[0] + group.first + group.count};
    case kPrevious:
      return {before, begin};
    default:
      return {0, before};
  }
}

void DualChunk::add_parts(const model::LaneRows& rows, const WindowCache& cache, Span span) {
  const float* queries = nullptr;  // turned only where there are keys
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const Group& group = groups_[i];
    const auto [begin, end] = keys_of(rows, group, span);
    if (begin >= end) continue;
    if (queries == nullptr) queries = rows.queries(rotations_[span], span);
    memory::add_runs(cache.keys, cache.values, begin, end, runs_.emplace_back());
    parts_[i].push_back({.queries = queries + group.first * spec().attention_width(),
                         .positions = rows.positions + group.first,
                         .scale = scale_,
                         .runs = runs_.back()});
  }
}

void DualChunk::attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) {
  WindowCache& cache = layers_[static_cast<std::size_t>(rows.layer)];
  if (cache.window > 0) return cache.attend(spec(), rows, blocks);

  cache.append(rows, rows.keys(rotations_[kOwn]));
  if (rows.keys_only) return;
  parts_.assign(groups_.size(), {});
  runs_.clear();
  for (const Span span : {kOwn, kPrevious, kOlder}) add_parts(rows, cache, span);
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    attention::Block block = rows.block(cache.keys.type(), parts_[i]);
    block.rows = groups_[i].count;
    block.out += groups_[i].first * spec().attention_width();
    block.lse += groups_[i].first * spec().heads.heads;
    blocks.push_back(block);
  }
}

}  // namespace focusllm::context
