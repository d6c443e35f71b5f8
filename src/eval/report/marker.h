#pragma once

#include <cstddef>
#include <string>

namespace focusllm::eval::report {

/// Classes of the style sheet (style.h) for a series' colour, and for the dashes of its line.
std::string colour_class(std::size_t style);
std::string dash_class(std::size_t style);
/// A series' mark at a point of an SVG: circle, square, triangle or diamond.
std::string marker(std::size_t style, double x, double y);
/// A short line with the mark, for a legend.
std::string swatch(std::size_t style, bool dots);

}  // namespace focusllm::eval::report
