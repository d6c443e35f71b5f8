#include "trainer/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace focusllm::cli {
namespace {

// In units of the SVG's own box, which the page scales.
constexpr double kWidth = 720, kHeight = 260, kLeft = 64, kRight = 12, kTop = 10, kBottom = 28;
constexpr std::size_t kMostPoints = 600;
constexpr int kTicks = 5;

struct Span {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
  void add(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
  bool empty() const { return !(least <= most); }
  /// A little more than what is in it, never nothing.
  Span widened() const {
    const double room = most > least ? 0.05 * (most - least) : std::max(std::abs(most) * 0.1, 1e-9);
    return {least - room, most + room};
  }
};

struct Axes {
  Span x, y;
  double at_x(double value) const {
    return kLeft + (value - x.least) / (x.most - x.least) * (kWidth - kLeft - kRight);
  }
  double at_y(double value) const {
    return kHeight - kBottom - (value - y.least) / (y.most - y.least) * (kHeight - kTop - kBottom);
  }
};

bool finite(const std::pair<double, double>& point) {
  return std::isfinite(point.first) && std::isfinite(point.second);
}

Axes axes_of(const std::vector<Series>& series) {
  Axes axes;
  for (const Series& each : series)
    for (const auto& point : each.points)
      if (finite(point)) {
        axes.x.add(point.first);
        axes.y.add(point.second);
      }
  if (axes.x.empty()) return {{0, 1}, {0, 1}};
  if (axes.x.least == axes.x.most) axes.x.most += 1;
  axes.y = axes.y.widened();
  return axes;
}

/// 1, 2 or 5 times a power of ten: about kTicks of them in the span.
double tick_step(Span span) {
  const double rough = (span.most - span.least) / kTicks;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (rough <= factor * power) return factor * power;
  return 10 * power;
}

std::string grid(const Axes& axes) {
  std::string text;
  const double step_y = tick_step(axes.y), step_x = tick_step(axes.x);
  for (double value = std::ceil(axes.y.least / step_y) * step_y; value <= axes.y.most; value += step_y)
    text += fmt::format(
        "<line class=\"grid\" x1=\"{:.0f}\" x2=\"{:.0f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/><text x=\"{:.0f}\" "
        "y=\"{:.1f}\" "
        "class=\"left\">{:.4g}</text>\n",
        kLeft, kWidth - kRight, axes.at_y(value), axes.at_y(value), kLeft - 6, axes.at_y(value) + 4,
        std::abs(value) < step_y / 1e6 ? 0 : value);
  for (double value = std::ceil(axes.x.least / step_x) * step_x; value <= axes.x.most; value += step_x)
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\" class=\"below\">{:.6g}</text>\n", axes.at_x(value),
                        kHeight - 8, value);
  return text;
}

std::string line(const Series& series, const Axes& axes) {
  const std::size_t every = std::max<std::size_t>(1, (series.points.size() + kMostPoints - 1) / kMostPoints);
  std::string path, dots;
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    if (i % every != 0 && i + 1 != series.points.size()) continue;
    const auto& point = series.points[i];
    if (!finite(point)) continue;
    const double x = axes.at_x(point.first), y = axes.at_y(point.second);
    path += fmt::format("{}{:.1f},{:.1f}", path.empty() ? "" : " ", x, y);
    if (series.dots)
      dots += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"/>", series.style, x, y);
  }
  return fmt::format("<polyline class=\"{}\" points=\"{}\"/>{}\n", series.style, path, dots);
}

std::string legend(const std::vector<Series>& series) {
  std::string text;
  for (const Series& each : series) {
    const std::string last = each.points.empty() ? "" : fmt::format(" {:.4g}", each.points.back().second);
    text += fmt::format("<span class=\"{}\">{}{}</span> ", each.style, escape_html(each.name), last);
  }
  return text;
}

}  // namespace

std::string chart(const std::string& title, const std::string& unit, const std::vector<Series>& series) {
  const Axes axes = axes_of(series);
  std::string lines;
  for (const Series& each : series) lines += line(each, axes);
  return fmt::format(
      "<figure>\n<figcaption>{} <small>{}</small> <span class=\"legend\">{}</span></figcaption>\n"
      "<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n{}{}</svg>\n</figure>\n",
      escape_html(title), escape_html(unit), legend(series), kWidth, kHeight, escape_html(title), grid(axes),
      lines);
}

std::vector<std::pair<double, double>> smooth(const std::vector<std::pair<double, double>>& points,
                                              double steps) {
  const double keep = 1 - 1 / std::max(steps, 1.0);
  std::vector<std::pair<double, double>> result;
  double sum = 0, weight = 0;
  for (const auto& [x, y] : points) {
    sum = keep * sum + y;
    weight = keep * weight + 1;
    result.emplace_back(x, sum / weight);
  }
  return result;
}

std::string escape_html(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return result;
}

}  // namespace focusllm::cli
