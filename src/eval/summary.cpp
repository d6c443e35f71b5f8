#include "eval/summary.h"

#include <cmath>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "eval/report/labels.h"
#include "eval/report/pairs.h"

namespace focusllm::eval {
namespace {

using report::Record;
using report::Selection;

std::string refused_text(const Selection& records) {
  const auto refused = select(records, [](const Record& one) { return !one.error.empty(); });
  return refused.empty() ? "" : fmt::format("  {} refused", refused.size());
}

Selection scored(const Selection& records) {
  return select(records, [](const Record& one) { return one.score.has_value(); });
}

double sum_of(const Selection& records) {
  return std::accumulate(records.begin(), records.end(), 0.0,
                         [](double sum, const Record* one) { return sum + *one->score; });
}

std::string score_row(std::int64_t length, const Selection& records) {
  const Selection all = scored(records);
  std::string cells;
  for (const auto& [depth, group] : group_by(all, [](const Record& one) { return one.depth; })) {
    if (depth) cells += fmt::format(" {:g}%:{:.4g}/{}", *depth, sum_of(group), group.size());
  }
  const std::string percent =
      all.empty() ? "-" : fmt::format("{:.1f} %", 100 * sum_of(all) / static_cast<double>(all.size()));
  return fmt::format("  {:>9} {:>9} {:>6}  {}{}\n", length == 0 ? "unknown" : std::to_string(length), percent,
                     all.size(), cells, refused_text(records));
}

std::string score_table(const std::string& name, const Selection& records) {
  std::string text = fmt::format("{}\n  {:>9} {:>9} {:>6}   by depth\n", name, "length", "score", "of");
  for (const auto& [length, group] : group_by(records, [](const Record& one) { return one.length; }))
    text += score_row(length, group);
  return text;
}

std::string interval_text(const report::Estimate& difference) {
  const auto percent = [](double nats) { return fmt::format("{:+.2f}", 100 * std::expm1(nats)); };
  const std::string mean = percent(difference.mean) + " %";
  if (difference.kind == report::IntervalKind::none) return mean + " (one window)";
  return fmt::format("{} ({} to {})", mean, percent(difference.low), percent(difference.high));
}

/// One memory's row: over the windows that were scored without it too, if there are any.
std::string perplexity_row(std::int64_t length, const Selection& records,
                           const std::vector<report::PairedDifference>& pairs) {
  const report::Cell cell = summarize(records);
  std::size_t count = cell.is_perplexity ? cell.estimate.count : 0;
  std::string without = "-", with = count == 0 ? "-" : fmt::format("{:.3f}", cell.estimate.mean), change;
  for (const auto& pair : pairs) {
    if (pair.length != length || pair.variant != records.front()->variant) continue;
    count = pair.difference.count;
    without = fmt::format("{:.3f}", pair.without);
    with = fmt::format("{:.3f}", pair.with);
    change = interval_text(pair.difference);
  }
  return fmt::format("  {:>9} {:>9} {:>9} {:>9}   {}{}\n", length, count, without, with, change,
                     refused_text(records));
}

std::string perplexity_tables(const std::string& name, const Selection& records) {
  const auto pairs = paired_differences(records);
  std::string text;
  for (const auto& [variant, group] : group_by(records, [](const Record& one) { return one.variant; })) {
    text += fmt::format("{}, {}\n  {:>9} {:>9} {:>9} {:>9}   change (95 %)\n", name, variant, "memory",
                        "windows", "without", "with");
    for (const auto& [length, rows] : group_by(group, [](const Record& one) { return one.length; }))
      text += perplexity_row(length, rows, pairs);
  }
  return text;
}

}  // namespace

std::string summary(const std::vector<Record>& records) {
  const report::Labels labels(records);
  const auto by_task = group_by(report::all_of(records), [](const Record& one) {
    return std::tuple(one.task, one.parameters, one.setting,
                      one.task == report::kPerplexity ? "" : one.variant);
  });
  std::string text;
  for (const auto& [key, group] : by_task) {
    const auto& [task, parameters, setting, variant] = key;
    const std::string name =
        fmt::format("{}, {}{}{}", task, labels.of(setting), parameters.empty() ? "" : ", ", parameters);
    text += task == report::kPerplexity ? perplexity_tables(name, group)
                                        : score_table(fmt::format("{}, {}", name, variant), group);
  }
  return text;
}

}  // namespace focusllm::eval
