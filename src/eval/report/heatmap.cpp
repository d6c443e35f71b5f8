#include "eval/report/heatmap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "eval/report/axis.h"
#include "eval/report/format.h"
#include "eval/report/html.h"

namespace focusllm::eval::report {
namespace {

constexpr double kNarrowest = 38, kLabelCharacter = 7;  // of a column, and of a character below it
constexpr double kCellHeight = 22, kMapLeft = 40, kMapTop = 4, kMapBottom = 40;
constexpr double kHatch = 7;  // between two lines

using Colour = std::array<double, 3>;

/// Of cividis (Nuñez, Anderton and Renslow, 2018), made for all kinds of colour vision, its darkest end
/// aside.
constexpr std::array<Colour, 6> kScale{
    {{0, 44, 105}, {58, 73, 108}, {104, 104, 112}, {146, 137, 119}, {195, 175, 106}, {253, 231, 55}}};

double linear(double channel) {
  const double c = channel / 255;
  return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

/// Relative luminance, as WCAG defines it.
double luminance(const Colour& colour) {
  return 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
}

/// Where each different value of a field stands.
template <typename Value>
std::map<Value, int> places(const std::vector<HeatmapCell>& cells, Value HeatmapCell::*field) {
  std::map<Value, int> places;
  for (const HeatmapCell& cell : cells) places[cell.*field];
  int next = 0;
  for (auto& [value, place] : places) place = next++;
  return places;
}

/// Slanted lines across a box.
std::string hatch(double x, double y, double width, double height) {
  std::string path;
  for (double start = -height + kHatch; start < width; start += kHatch) {
    const double begin = std::max(start, 0.0), end = std::min(start + height, width);
    path += fmt::format("M{:.1f} {:.1f}L{:.1f} {:.1f}", x + begin, y + height - (begin - start), x + end,
                        y + height - (end - start));
  }
  return fmt::format("<path class=\"hatch\" d=\"{}\"/>", path);
}

std::string draw_cell(const HeatmapCell& cell, double x, double y, double column) {
  constexpr double kHeight = kCellHeight - 1;
  const double width = column - 1;
  std::string body;
  const std::string box =
      fmt::format("x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\"", x, y, width, kHeight);
  if (cell.score) {
    const ScoreColour colour = score_colour(*cell.score);
    body = fmt::format("<rect {} fill=\"{}\"/>", box, colour.fill);
    if (cell.errors)
      body += fmt::format("<path fill=\"{}\" d=\"M{:.0f} {:.0f}h-8l8 8z\"/>",
                          colour.dark ? "#ffffff" : "#000000", x + width, y);
    const std::string value = percent(*cell.score);
    body += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>", x + width / 2,
                        y + kHeight / 2 + 4, colour.dark ? "on-dark" : "on-light",
                        value.substr(0, value.find(' ')));
  } else {
    body = fmt::format("<rect {} class=\"none\"/>", box) + hatch(x, y, width, kHeight);
  }
  return fmt::format("<g class=\"cell\" data-length=\"{}\" data-depth=\"{:g}\"><title>{}</title>{}</g>\n",
                     cell.length, cell.depth, escape_html(cell.title), body);
}

/// Of all columns: none may be too narrow for what stands below it.
double column_width(const std::map<std::int64_t, int>& columns) {
  double width = kNarrowest;
  for (const auto& [length, column] : columns)
    width = std::max(width, kLabelCharacter * static_cast<double>(format_length(length).size()) + 4);
  return width;
}

std::string labels(const std::map<std::int64_t, int>& columns, const std::map<double, int>& rows,
                   double width, double bottom) {
  std::string text;
  for (const auto& [length, column] : columns)
    text += fmt::format("<text class=\"below\" x=\"{:.1f}\" y=\"{:.0f}\">{}</text>\n",
                        kMapLeft + (column + 0.5) * width, bottom + 14, format_length(length));
  for (const auto& [depth, row] : rows)
    text += fmt::format("<text class=\"left\" x=\"{:.0f}\" y=\"{:.1f}\">{:.3g} %</text>\n", kMapLeft - 5,
                        kMapTop + row * kCellHeight + 15, depth);
  return text + fmt::format("<text class=\"axis\" x=\"{:.0f}\" y=\"{:.0f}\">length in tokens</text>\n",
                            kMapLeft, bottom + 32);
}

}  // namespace

ScoreColour score_colour(double score) {
  const double place = std::clamp(score, 0.0, 1.0) * (kScale.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(place), kScale.size() - 2);
  const double share = place - static_cast<double>(low);
  Colour colour;
  for (std::size_t i = 0; i < colour.size(); ++i)
    colour[i] = std::round(kScale[low][i] + share * (kScale[low + 1][i] - kScale[low][i]));
  const double light = luminance(colour);
  // White has the better contrast exactly where 1.05 / (L + 0.05) is above (L + 0.05) / 0.05.
  return {fmt::format("#{:02x}{:02x}{:02x}", static_cast<int>(colour[0]), static_cast<int>(colour[1]),
                      static_cast<int>(colour[2])),
          (light + 0.05) * (light + 0.05) < 1.05 * 0.05};
}

std::string heatmap(const std::string& title, const std::vector<HeatmapCell>& cells) {
  const auto columns = places(cells, &HeatmapCell::length);
  const auto rows = places(cells, &HeatmapCell::depth);
  const double column = column_width(columns);
  const double width = kMapLeft + static_cast<double>(std::max<std::size_t>(columns.size(), 3)) * column + 4;
  const double bottom = kMapTop + static_cast<double>(rows.size()) * kCellHeight;
  std::string body;
  for (const HeatmapCell& cell : cells)
    body += draw_cell(cell, kMapLeft + columns.at(cell.length) * column,
                      kMapTop + rows.at(cell.depth) * kCellHeight, column);
  return fmt::format(
      "<figure>\n<figcaption>{0} <small>score in %, by length and depth</small></figcaption>\n"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"heatmap\">\n<svg class=\"heatmap\" "
      "width=\"{1:.0f}\" height=\"{2:.0f}\" "
      "viewBox=\"0 0 {1:.0f} {2:.0f}\" role=\"img\">\n<title>{0}</title>\n"
      "<desc>Mean score in percent. Columns: length in tokens; rows: depth, how far into the text the answer "
      "stands. Cells that are hatched have no score. The numbers are in the "
      "table.</desc>\n{3}{4}</svg>\n</div>\n"
      "</figure>\n",
      escape_html(title), width, bottom + kMapBottom, body, labels(columns, rows, column, bottom));
}

std::string heatmap_legend() {
  constexpr int kSteps = 11, kWidth = 14, kHeight = 12;
  std::string boxes;
  for (int i = 0; i < kSteps; ++i)
    boxes += fmt::format("<rect x=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>", i * kWidth, kWidth,
                         kHeight, score_colour(i / (kSteps - 1.0)).fill);
  return fmt::format(
      "<div class=\"legend\"><span>0 % <svg width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "aria-hidden=\"true\">{2}</svg>100 %</span><span><svg width=\"24\" height=\"12\" viewBox=\"0 0 24 12\" "
      "aria-hidden=\"true\">{3}</svg>no result (a corner: some)</span></div>\n",
      kSteps * kWidth, kHeight, boxes, hatch(0, 0, 24, 12));
}

}  // namespace focusllm::eval::report
