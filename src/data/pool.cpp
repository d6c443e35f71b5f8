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
    : source_(source), seed_(seed), ids_(ids) {}

const Chunks& Pool::passage(std::int64_t run, std::int64_t index) {
  const auto found = passages_.find({run, index});
  if (found != passages_.end()) return found->second;
  const std::int64_t count = kRunsInPassage * source_.options().run;
  const std::uint64_t first =
      ids_ + (static_cast<std::uint64_t>(run) << kIdBits) + static_cast<std::uint64_t>(index * count);
  const Random random{seed_, static_cast<std::uint64_t>(run), static_cast<std::uint64_t>(index)};
  return passages_[{run, index}] = source_.passage(count, first, random);
}

const std::vector<Chunks>& Pool::runs(std::int64_t step) {
  if (step == step_) return runs_;
  const SamplerOptions& options = source_.options();
  const std::int64_t count = options.pool / options.run, length = kRunsInPassage * options.run;
  const double pace = options.renewed / static_cast<double>(count);
  runs_.assign(static_cast<std::size_t>(count), {});
  for (std::int64_t run = 0; run < count; ++run) {
    // Not all runs slide at the same step.
    const double stagger = static_cast<double>(run) / static_cast<double>(count);
    const auto begin = static_cast<std::int64_t>(std::floor(static_cast<double>(step) * pace + stagger));
    for (std::int64_t i = begin; i < begin + options.run; ++i)
      runs_[static_cast<std::size_t>(run)].push_back(
          passage(run, i / length)[static_cast<std::size_t>(i % length)]);
    const std::int64_t first = begin / length, last = (begin + options.run - 1) / length;
    std::erase_if(passages_, [&](const auto& entry) {
      const auto& [of_run, index] = entry.first;
      return of_run == run && (index < first || index > last);
    });
  }
  step_ = step;
  return runs_;
}

}  // namespace focusllm::data
