#include <tuple>

#include <fmt/format.h>

#include "eval/report/by_length.h"
#include "eval/report/format.h"
#include "eval/report/heatmap.h"
#include "eval/report/html.h"
#include "eval/report/sections.h"

namespace focusllm::eval::report {
namespace {

std::string cell_title(const Record& record, const Cell& cell) {
  std::string title = fmt::format("{} tokens, depth {:g} %: ", record.length, *record.depth);
  if (cell.estimate.count > 0) {
    title += fmt::format("{} of {}", percent(cell.estimate.mean), cell.estimate.count);
    if (cell.estimate.kind != IntervalKind::none) title += ", 95 % " + percent_interval(cell.estimate);
    if (!cell.errors.empty()) title += "; ";
  }
  std::string reasons;
  for (const auto& [reason, times] : cell.errors)
    reasons += fmt::format("{}{} without result: {}", reasons.empty() ? "" : "; ", times, reason);
  return title + reasons;
}

HeatmapCell heatmap_cell(const Selection& group) {
  const Cell cell = summarize(group);
  const Record& first = *group.front();
  HeatmapCell result{first.length, *first.depth, std::nullopt, !cell.errors.empty(), cell_title(first, cell)};
  if (cell.estimate.count > 0) result.score = cell.estimate.mean;
  return result;
}

std::string heatmaps(const Selection& records, const Labels& labels) {
  const Selection placed = select(records, [](const Record& record) { return record.depth.has_value(); });
  std::string maps;
  for (const auto& [setting, own] : group_by(placed, [](const Record& record) { return record.setting; })) {
    std::vector<HeatmapCell> cells;
    const auto by_place =
        group_by(own, [](const Record& record) { return std::tuple(record.length, record.depth); });
    for (const auto& [place, group] : by_place) cells.push_back(heatmap_cell(group));
    maps += heatmap(labels.of(setting), cells);
  }
  return maps.empty() ? "" : heatmap_legend() + "<div class=\"heatmaps\">\n" + maps + "</div>\n";
}

std::string score_chart(const Selection& records, const Labels& labels) {
  Chart chart;
  chart.title = "Score by length";
  chart.unit = "%, mean over all depths with its 95 % interval";
  chart.description = "Mean score in percent by length of the text in tokens, one line for each method.";
  chart.x_scale = Scale::lengths;
  chart.y_range = {0, 100};
  chart.series = series_by_length(records, labels, [](const Cell& cell) -> std::optional<Point> {
    const Estimate& score = cell.estimate;
    if (score.count == 0) return std::nullopt;
    return Point{0, 100 * score.mean, 100 * score.low, 100 * score.high};
  });
  return chart.series.empty() ? "" : draw(chart);
}

std::string cell_table(const Selection& records, const Labels& labels) {
  Table table({"method", "length", "depth, %", "n", "score", "95 % interval", "kind", "without result"});
  const Selection placed = select(records, [](const Record& record) { return record.depth.has_value(); });
  const auto groups = group_by(
      placed, [](const Record& record) { return std::tuple(record.setting, record.length, *record.depth); });
  for (const auto& [key, group] : groups) {
    const auto& [setting, length, depth] = key;
    const Cell cell = summarize(group);
    table.add({labels.of(setting), std::to_string(length), fmt::format("{:g}", depth),
               std::to_string(cell.estimate.count),
               cell.estimate.count > 0 ? percent(cell.estimate.mean) : "", percent_interval(cell.estimate),
               interval_name(cell.estimate.kind), std::to_string(cell.error_count())});
  }
  return table.empty() ? "" : details("Score by length and depth", table.html());
}

}  // namespace

std::string score_section(const Selection& records, const Labels& labels) {
  return heatmaps(records, labels) +
         chart_grid(score_chart(records, labels) + speed_charts(records, labels)) +
         details("Score, speed and memory by length", table_by_length(records, labels)) +
         cell_table(records, labels) + error_table(records, labels);
}

}  // namespace focusllm::eval::report
