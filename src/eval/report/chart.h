#pragma once

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eval/report/axis.h"

namespace focusllm::eval::report {

struct Point {
  double x = 0, y = 0;
  /// The ends of an interval around y; none is drawn where they are not finite.
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

/// A line of a chart.
struct Series {
  std::string name;
  std::size_t style =
      0;  ///< its colour and, with dots, its marker and dashes: the same number, the same look
  std::vector<Point> points;  ///< x ascending
  bool dots = false;          ///< few points: shown one by one as well
};

struct Chart {
  std::string title, unit;
  std::string description;  ///< for those who do not see it; empty: title and unit
  std::vector<Series> series;
  Scale x_scale = Scale::linear, y_scale = Scale::linear;
  std::optional<std::pair<double, double>> y_range;  ///< of a linear axis; nothing: what the points need
  bool from_zero = false;                            ///< a linear y axis begins at 0
  double width = 420, height = 250;                  ///< in the SVG's own units, which the page scales
};

/// A figure of XHTML with an inline SVG: axes, grid, lines, intervals and a legend. Long series are thinned
/// to what can be seen; what is not finite is left out. Series with intervals stand a little beside each
/// other.
std::string draw(const Chart& chart);

}  // namespace focusllm::eval::report
