#include "eval/report/marker.h"

#include <fmt/format.h>

namespace focusllm::eval::report {
namespace {

constexpr std::size_t kColours = 8, kShapes = 4;

}  // namespace

std::string colour_class(std::size_t style) {
  return fmt::format("s{}", style % kColours);
}

// Styles that share a colour differ in shape and dashes.
std::string dash_class(std::size_t style) {
  return fmt::format("dash{}", (style + style / kColours) % kShapes);
}

std::string marker(std::size_t style, double x, double y) {
  const std::string look = "class=\"marker " + colour_class(style) + "\"";
  switch ((style + style / kColours) % kShapes) {
    case 0:
      return fmt::format("<circle {} cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.2\"/>", look, x, y);
    case 1:
      return fmt::format("<path {} d=\"M{:.1f} {:.1f}h5.8v5.8h-5.8z\"/>", look, x - 2.9, y - 2.9);
    case 2:
      return fmt::format("<path {} d=\"M{:.1f} {:.1f}l3.8 6.6h-7.6z\"/>", look, x, y - 4.2);
    default:
      return fmt::format("<path {} d=\"M{:.1f} {:.1f}l4.1 4.1l-4.1 4.1l-4.1 -4.1z\"/>", look, x, y - 4.1);
  }
}

std::string swatch(std::size_t style, bool dots) {
  return fmt::format(
      "<svg width=\"28\" height=\"12\" viewBox=\"0 0 28 12\" aria-hidden=\"true\"><polyline class=\"{}{}\" "
      "points=\"1,6 27,6\"/>{}</svg>",
      colour_class(style), dots ? " " + dash_class(style) : "", dots ? marker(style, 14, 6) : "");
}

}  // namespace focusllm::eval::report
