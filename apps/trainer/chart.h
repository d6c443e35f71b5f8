#pragma once

#include <string>
#include <utility>
#include <vector>

namespace focusllm::cli {

/// A line of a chart; its colour follows from `style`, a class of the page's style sheet.
struct Series {
  std::string name;
  std::string style;
  std::vector<std::pair<double, double>> points;  ///< x ascending
  bool dots = false;                              ///< few points: shown one by one as well
};

/// A figure of XHTML with an inline SVG: axes, grid, lines and a legend. Long series are thinned to what can
/// be seen; what is not finite is left out.
std::string chart(const std::string& title, const std::string& unit, const std::vector<Series>& series);
/// An exponential mean over about `steps` points, without a bias towards the first one.
std::vector<std::pair<double, double>> smooth(const std::vector<std::pair<double, double>>& points,
                                              double steps);
/// For text between tags and in attributes.
std::string escape_html(const std::string& text);

}  // namespace focusllm::cli
