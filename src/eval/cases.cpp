#include "eval/cases.h"

#include "base/error.h"

namespace focusllm::eval {
namespace {

constexpr double kNoDepth = 50;  // percent; of tasks that have no depth
constexpr int kAllTrials = -1;

/// The same for every length, depth and trial on every machine (FNV-1a over the numbers).
std::uint64_t case_seed(std::uint64_t seed, std::int64_t length, double depth, int trial) {
  std::uint64_t hash = 14695981039346656037U;
  for (const std::uint64_t part :
       {seed, static_cast<std::uint64_t>(length), static_cast<std::uint64_t>(depth * 1000),
        static_cast<std::uint64_t>(trial)}) {
    hash = (hash ^ part) * 1099511628211U;
  }
  return hash ^ (hash >> 29);
}

}  // namespace

std::vector<PlannedCase> cases_of(const Task& task, const Plan& plan, std::int64_t length) {
  for (const double depth : plan.depths) {
    if (!(depth >= 0 && depth <= 100))
      throw UsageError(fmt::format("`depths`: {:g} is not from 0 to 100 percent", depth));
  }
  const auto depths = task.has_depth() ? plan.depths : std::vector<double>{kNoDepth};
  const int questions = task.questions();
  std::vector<PlannedCase> cases;
  for (int trial = 0; trial < plan.trials; ++trial) {
    for (const double depth : depths) {
      cases.push_back({.which = {.length = length,
                                 .depth = depth / 100,
                                 .seed = case_seed(plan.seed, length, depth, trial),
                                 .haystack_seed = case_seed(plan.seed, length, 0, kAllTrials),
                                 .text_seed = case_seed(plan.seed, length, 0, trial / questions),
                                 .question = trial % questions},
                       .depth = depth,
                       .trial = trial});
    }
  }
  return cases;
}

}  // namespace focusllm::eval
