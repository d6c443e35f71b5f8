#include "data/pool.h"

#include <cmath>

namespace focusllm::data {
namespace {

/// Chunks of a passage, in runs: long enough that most windows lie within one.
constexpr std::int64_t kRunsInPassage = 4;
/// Ids of one run: more chunks than it will ever see.
constexpr int kIdBits = 40;

}  // namespace

Pool::Pool(const ChunkSource& source, std::uint64_t seed, std::uint64_t ids)
    : source_(source), seed_(seed), ids_(ids), length_(kRunsInPassage * source.options().run) {}

const std::shared_ptr<const PoolChunk>& Pool::chunk(std::int64_t run, std::int64_t index) {
  const std::int64_t number = index / length_;
  const auto at = static_cast<std::size_t>(index % length_);
  Chunks& passage = passages_[{run, number}];
  if (passage.empty() || !passage[at]) {
    const std::uint64_t first =
        ids_ + (static_cast<std::uint64_t>(run) << kIdBits) + static_cast<std::uint64_t>(number * length_);
    const Random random{seed_, static_cast<std::uint64_t>(run), static_cast<std::uint64_t>(number)};
    passage = source_.passage(length_, first, random);
  }
  return passage[at];
}

void Pool::let_go(std::int64_t run, std::int64_t begin, std::int64_t end) {
  for (auto entry = passages_.begin(); entry != passages_.end();) {
    const auto& [of_run, number] = entry->first;
    const bool mine = of_run == run;
    for (std::int64_t i = 0; mine && i < length_ && number * length_ + i < begin; ++i)
      entry->second[static_cast<std::size_t>(i)].reset();
    const bool outside = (number + 1) * length_ <= begin || number * length_ >= end;
    entry = mine && outside ? passages_.erase(entry) : std::next(entry);
  }
}

const std::vector<Chunks>& Pool::runs(std::int64_t step) {
  if (step == step_) return runs_;
  const SamplerOptions& options = source_.options();
  const std::int64_t count = options.pool / options.run;
  const double pace = options.renewed / static_cast<double>(count);
  runs_.assign(static_cast<std::size_t>(count), {});
  for (std::int64_t run = 0; run < count; ++run) {
    // Not all runs slide at the same step.
    const double stagger = static_cast<double>(run) / static_cast<double>(count);
    const auto begin = static_cast<std::int64_t>(std::floor(static_cast<double>(step) * pace + stagger));
    for (std::int64_t i = begin; i < begin + options.run; ++i)
      runs_[static_cast<std::size_t>(run)].push_back(chunk(run, i));
    let_go(run, begin, begin + options.run);
  }
  step_ = step;
  return runs_;
}

}  // namespace focusllm::data
