#include "eval/report/by_length.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "eval/report/format.h"
#include "eval/report/html.h"

namespace focusllm::eval::report {
namespace {

constexpr double kLogarithmicFrom = 20;  // largest to smallest value

struct Measure {
  const char* title;
  const char* unit;
  std::optional<double> Cell::*field;
  double scale;
};

constexpr double kMebi = 1 << 20;
constexpr Measure kMeasures[] = {
    {"Time to the first token", "seconds", &Cell::first_token_seconds, 1},
    {"Reading", "tokens/s", &Cell::read_rate, 1},
    {"Generating", "tokens/s", &Cell::generate_rate, 1},
    {"Memory of keys and values", "MiB", &Cell::memory_bytes, 1 / kMebi},
};

bool wants_logarithm(const std::vector<Series>& series) {
  double least = std::numeric_limits<double>::infinity(), most = 0;
  for (const Series& each : series) {
    for (const Point& point : each.points) {
      least = std::min(least, point.y);
      most = std::max(most, point.y);
    }
  }
  return least > 0 && most > kLogarithmicFrom * least;
}

std::string speed_chart(const Selection& records, const Labels& labels, const Measure& measure) {
  Chart chart;
  chart.series = series_by_length(records, labels, [&measure](const Cell& cell) -> std::optional<Point> {
    const auto value = cell.*measure.field;
    if (!value) return std::nullopt;
    return Point{0, *value * measure.scale};
  });
  if (chart.series.empty()) return "";
  const bool logarithmic = wants_logarithm(chart.series);
  chart.title = measure.title;
  chart.unit = fmt::format("{}{}, by length in tokens", measure.unit, logarithmic ? " (logarithmic)" : "");
  chart.description =
      fmt::format("Medians in {} by length of the text, one line for each method.", measure.unit);
  chart.x_scale = Scale::lengths;
  chart.y_scale = logarithmic ? Scale::logarithmic : Scale::linear;
  chart.from_zero = !logarithmic;
  return draw(chart);
}

std::string estimate_text(const Cell& cell) {
  if (cell.estimate.count == 0) return "";
  return cell.is_perplexity ? short_number(cell.estimate.mean) : percent(cell.estimate.mean);
}

std::vector<std::string> row(const std::string& variant, const std::string& method, const std::string& length,
                             const Cell& cell) {
  return {variant,
          method,
          length,
          std::to_string(cell.estimate.count),
          estimate_text(cell),
          cell.is_perplexity ? interval_text(cell.estimate) : percent_interval(cell.estimate),
          interval_name(cell.estimate.kind),
          short_number(cell.first_token_seconds),
          short_number(cell.read_rate),
          short_number(cell.generate_rate),
          short_number(mebibytes(cell.memory_bytes)),
          std::to_string(cell.error_count())};
}

}  // namespace

std::vector<Series> series_by_length(const Selection& records, const Labels& labels,
                                     const PointOf& point_of) {
  std::vector<Series> all;
  for (const auto& [setting, own] : group_by(records, [](const Record& record) { return record.setting; })) {
    Series series{labels.of(setting), labels.style(setting), {}, true};
    for (const auto& [length, group] : group_by(own, [](const Record& record) { return record.length; })) {
      auto point = point_of(summarize(group));
      if (!point) continue;
      point->x = static_cast<double>(length);
      series.points.push_back(*point);
    }
    if (!series.points.empty()) all.push_back(std::move(series));
  }
  return all;
}

std::string speed_charts(const Selection& records, const Labels& labels) {
  std::string charts;
  for (const Measure& measure : kMeasures) charts += speed_chart(records, labels, measure);
  return charts;
}

std::string table_by_length(const Selection& records, const Labels& labels) {
  const bool perplexity = has_perplexity(records);
  Table table({"variant", "method", "length", "n", perplexity ? "perplexity" : "score", "95 % interval",
               "kind", "first token, s", "reading, tokens/s", "generating, tokens/s", "memory, MiB",
               "without result"});
  const auto by_setting =
      group_by(records, [](const Record& record) { return std::pair(record.variant, record.setting); });
  for (const auto& [key, own] : by_setting) {
    const auto& [variant, setting] = key;
    const auto lengths = group_by(own, [](const Record& record) { return record.length; });
    for (const auto& [length, group] : lengths)
      table.add(row(variant, labels.of(setting), std::to_string(length), summarize(group)));
    const Selection scored = select(own, [](const Record& record) { return record.score.has_value(); });
    const auto with_score = group_by(scored, [](const Record& record) { return record.length; });
    if (perplexity || with_score.size() < 2) continue;
    const std::string all = fmt::format("{} to {}", with_score.begin()->first, with_score.rbegin()->first);
    table.add(row(variant, labels.of(setting), all, summarize(scored)));
  }
  return table.html();
}

std::string error_table(const Selection& records, const Labels& labels) {
  const Selection failed = select(records, [](const Record& record) { return !record.error.empty(); });
  Table table({"method", "length", "times", "why", "depths, %"});
  const auto groups = group_by(
      failed, [](const Record& record) { return std::tuple(record.setting, record.length, record.error); });
  for (const auto& [key, group] : groups) {
    const auto& [setting, length, reason] = key;
    std::set<double> depths;
    for (const Record* record : group)
      if (record->depth) depths.insert(*record->depth);
    std::string list;
    for (const double depth : depths) list += fmt::format("{}{:g}", list.empty() ? "" : ", ", depth);
    const bool unknown = length == 0 && !has_perplexity(records);
    table.add({labels.of(setting), unknown ? "unknown" : std::to_string(length), std::to_string(group.size()),
               reason, list});
  }
  return table.empty() ? "" : "<h3>Without a result</h3>\n" + table.html();
}

}  // namespace focusllm::eval::report
