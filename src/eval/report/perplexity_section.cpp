#include <cmath>
#include <set>

#include <fmt/format.h>

#include "eval/report/by_length.h"
#include "eval/report/format.h"
#include "eval/report/html.h"
#include "eval/report/pairs.h"
#include "eval/report/sections.h"

namespace focusllm::eval::report {
namespace {

constexpr std::size_t kSameColour = 8;  // styles so far apart share the colour (marker.h)

std::optional<Point> perplexity_point(const Cell& cell) {
  const Estimate& perplexity = cell.estimate;
  if (perplexity.count == 0) return std::nullopt;
  return Point{0, perplexity.mean, perplexity.low, perplexity.high};
}

/// Those of some records whose setting is among the others' settings.
Selection with_settings_of(const Selection& others, const Selection& records) {
  std::set<Setting> settings;
  for (const Record* record : others) settings.insert(record->setting);
  return select(records, [&settings](const Record& record) { return settings.contains(record.setting); });
}

/// A line for each kind of memory and setting; each begins at the setting's value without memory.
std::vector<Series> series_of(const Selection& records, const Labels& labels) {
  auto variants = group_by(records, [](const Record& record) { return record.variant; });
  const Selection alone = variants[kNoMemory];
  if (variants.size() > 1) variants.erase(kNoMemory);
  std::vector<Series> all;
  std::size_t kind = 0;
  for (const auto& [variant, own] : variants) {
    Selection with_start = own;
    if (variant != kNoMemory) {
      const Selection start = with_settings_of(own, alone);
      with_start.insert(with_start.end(), start.begin(), start.end());
    }
    for (Series& series : series_by_length(with_start, labels, perplexity_point)) {
      series.name += ", " + variant;
      series.style += kSameColour * kind;
      all.push_back(std::move(series));
    }
    ++kind;
  }
  return all;
}

std::string perplexity_chart(const Selection& records, const Labels& labels) {
  Chart chart;
  chart.title = "Perplexity by length of the memory";
  chart.unit = "mean over windows with its 95 % interval; bars that leave the chart are cut";
  chart.description =
      "Perplexity by tokens of memory before the window, one line for each method and memory.";
  chart.x_scale = Scale::lengths;
  chart.series = series_of(records, labels);
  return chart.series.empty() ? "" : draw(chart);
}

double change(double difference) {
  return 100 * std::expm1(difference);
}

std::string difference_table(const Selection& records, const Labels& labels) {
  Table table({"method", "memory", "tokens", "windows", "perplexity without", "with", "change, %",
               "95 % interval, %", "difference, nats per token", "95 % interval"});
  for (const PairedDifference& pair : paired_differences(records)) {
    const Estimate& difference = pair.difference;
    const bool known = difference.kind != IntervalKind::none;
    table.add(
        {labels.of(pair.setting), pair.variant, std::to_string(pair.length), std::to_string(difference.count),
         short_number(pair.without), short_number(pair.with), fmt::format("{:+.2f}", change(difference.mean)),
         known ? fmt::format("{:+.2f} to {:+.2f}", change(difference.low), change(difference.high)) : "",
         fmt::format("{:+.4f}", difference.mean),
         known ? fmt::format("{:+.4f} to {:+.4f}", difference.low, difference.high) : ""});
  }
  if (table.empty()) return "";
  return "<h3>Difference to no memory</h3>\n<p class=\"soft\">Of the same windows with and without memory: "
         "the mean of their differences with its paired Student's t interval. Below 0 the memory "
         "helps.</p>\n" +
         table.html();
}

}  // namespace

std::string perplexity_section(const Selection& records, const Labels& labels) {
  return chart_grid(perplexity_chart(records, labels) + speed_charts(records, labels)) +
         difference_table(records, labels) +
         details("Perplexity, speed and memory by length", table_by_length(records, labels)) +
         error_table(records, labels);
}

}  // namespace focusllm::eval::report
