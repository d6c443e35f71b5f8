#include "eval/report/chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "eval/report/html.h"
#include "eval/report/marker.h"

namespace focusllm::eval::report {
namespace {

constexpr double kLeft = 56, kRight = 14, kTop = 12, kBottom = 28;
constexpr double kCharacter = 7;  // width of one in a label
constexpr std::size_t kMostPoints = 600;
constexpr double kBeside = 5, kMostBeside = 24;  // between series with intervals, and all of them together

struct Axes {
  Axis x, y;
};

bool has_interval(const Point& point) {
  return std::isfinite(point.low) && std::isfinite(point.high);
}

/// The points, and their intervals as far as they reach no further than the points' own span from them: one
/// wide interval must not press all points into a line.
std::vector<double> values_of_y(const Chart& chart) {
  std::vector<double> values;
  for (const Series& series : chart.series)
    for (const Point& point : series.points)
      if (std::isfinite(point.y)) values.push_back(point.y);
  if (values.empty()) return values;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double span = *most > *least ? *most - *least : std::abs(*most) / 2;
  const double floor = *least - span, ceiling = *most + span;
  for (const Series& series : chart.series) {
    for (const Point& point : series.points) {
      if (!has_interval(point)) continue;
      values.push_back(std::clamp(point.low, floor, ceiling));
      values.push_back(std::clamp(point.high, floor, ceiling));
    }
  }
  if (chart.from_zero) values.push_back(0);
  return values;
}

Axes axes_of(const Chart& chart) {
  std::vector<double> x;
  for (const Series& series : chart.series)
    for (const Point& point : series.points)
      if (std::isfinite(point.y)) x.push_back(point.x);
  Axes axes{{chart.x_scale, x, kLeft, chart.width - kRight},
            {chart.y_scale, values_of_y(chart), chart.height - kBottom, kTop}};
  if (chart.x_scale == Scale::lengths) axes.x.widen(0.06);
  axes.y.widen(0.05);
  if (chart.y_range) axes.y.pin(chart.y_range->first, chart.y_range->second);
  return axes;
}

std::string grid(const Chart& chart, const Axes& axes) {
  std::string text;
  for (const auto& [y, label] : axes.y.ticks(14))
    text += fmt::format(
        "<line class=\"grid\" x1=\"{:.0f}\" x2=\"{:.0f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/><text x=\"{:.0f}\" "
        "y=\"{:.1f}\" class=\"left\">{}</text>\n",
        kLeft, chart.width - kRight, y, y, kLeft - 6, y + 4, label);
  for (const auto& [x, label] : axes.x.ticks(4, kCharacter))
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\" class=\"below\">{}</text>\n", x, chart.height - 9,
                        label);
  return text;
}

/// How far each series stands beside its true place.
double beside(const Chart& chart, std::size_t index) {
  const bool intervals = std::any_of(chart.series.begin(), chart.series.end(), [](const Series& series) {
    return std::any_of(series.points.begin(), series.points.end(), has_interval);
  });
  if (!intervals || chart.series.size() < 2) return 0;
  const auto others = static_cast<double>(chart.series.size() - 1);
  return std::min(kBeside, kMostBeside / others) * (static_cast<double>(index) - others / 2);
}

/// The interval's bar, cut where the chart ends; an end that is cut has no cap.
std::string interval(const Point& point, const std::string& colour, double x, const Axis& axis) {
  if (!has_interval(point)) return "";
  const double bottom = axis.clamped(point.low), top = axis.clamped(point.high);
  std::string path = fmt::format("M{:.1f} {:.1f}V{:.1f}", x, bottom, top);
  if (axis.shows(point.low)) path += fmt::format("M{:.1f} {:.1f}h5", x - 2.5, bottom);
  if (axis.shows(point.high)) path += fmt::format("M{:.1f} {:.1f}h5", x - 2.5, top);
  return fmt::format("<path class=\"interval {}\" d=\"{}\"/>", colour, path);
}

std::string line(const Series& series, const Axes& axes, double shift) {
  const std::size_t every = std::max<std::size_t>(1, (series.points.size() + kMostPoints - 1) / kMostPoints);
  const std::string colour = colour_class(series.style);
  std::string path, marks;
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    if (i % every != 0 && i + 1 != series.points.size()) continue;
    const Point& point = series.points[i];
    if (!axes.x.shows(point.x) || !axes.y.shows(point.y)) continue;
    const double x = axes.x.at(point.x) + shift, y = axes.y.at(point.y);
    path += fmt::format("{}{:.1f},{:.1f}", path.empty() ? "" : " ", x, y);
    marks += interval(point, colour, x, axes.y);
    if (series.dots) marks += marker(series.style, x, y);
  }
  return fmt::format("<polyline class=\"{}{}\" points=\"{}\"/>{}\n", colour,
                     series.dots ? " " + dash_class(series.style) : "", path, marks);
}

std::string legend(const Chart& chart) {
  std::string text;
  for (const Series& series : chart.series)
    text += fmt::format("<span>{}{}</span>\n", swatch(series.style, series.dots), escape_html(series.name));
  return text;
}

}  // namespace

std::string draw(const Chart& chart) {
  const Axes axes = axes_of(chart);
  std::string lines;
  for (std::size_t i = 0; i < chart.series.size(); ++i)
    lines += line(chart.series[i], axes, beside(chart, i));
  const std::string description =
      chart.description.empty() ? chart.title + " " + chart.unit : chart.description;
  return fmt::format(
      "<figure>\n<figcaption>{0} <small>{1}</small></figcaption>\n<div class=\"legend\">{2}</div>\n"
      "<svg class=\"chart\" viewBox=\"0 0 {3:.0f} {4:.0f}\" role=\"img\">\n<title>{0}</title>\n"
      "<desc>{5}</desc>\n{6}{7}</svg>\n</figure>\n",
      escape_html(chart.title), escape_html(chart.unit), legend(chart), chart.width, chart.height,
      escape_html(description), grid(chart, axes), lines);
}

}  // namespace focusllm::eval::report
