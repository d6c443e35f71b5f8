#include "eval/report/pairs.h"

#include <cmath>
#include <tuple>

namespace focusllm::eval::report {
namespace {

/// What the two of a pair have in common.
auto window_of(const Record& record) {
  return std::tuple(record.setting, record.parameters, record.window, record.seed, record.trial);
}

}  // namespace

std::vector<PairedDifference> paired_differences(const Selection& records) {
  const Selection scored = select(records, [](const Record& record) { return record.nll.has_value(); });
  std::map<decltype(window_of(Record())), double> alone;
  for (const Record* record : scored)
    if (record->variant == kNoMemory) alone[window_of(*record)] = *record->nll;
  const auto groups = group_by(
      scored, [](const Record& record) { return std::tuple(record.variant, record.setting, record.length); });
  std::vector<PairedDifference> result;
  for (const auto& [key, group] : groups) {
    const auto& [variant, setting, length] = key;
    if (variant == kNoMemory) continue;
    std::vector<double> without, with, differences;
    for (const Record* record : group) {
      const auto found = alone.find(window_of(*record));
      if (found == alone.end()) continue;
      without.push_back(found->second);
      with.push_back(*record->nll);
      differences.push_back(*record->nll - found->second);
    }
    if (differences.empty()) continue;
    result.push_back({variant, setting, length, perplexity_estimate(without).mean,
                      perplexity_estimate(with).mean, student(differences)});
  }
  return result;
}

}  // namespace focusllm::eval::report
