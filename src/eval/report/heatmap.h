#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace focusllm::eval::report {

struct HeatmapCell {
  std::int64_t length = 0;      ///< tokens
  double depth = 0;             ///< percent
  std::optional<double> score;  ///< 0 to 1; nothing: only errors
  bool errors = false;          ///< some trials gave no score: a corner is hatched, or the whole cell
  std::string title;            ///< what is said when it is pointed at
};

/// A figure of XHTML with an inline SVG: lengths from left to right, depths from top to bottom, scores in
/// percent in the cells and by a colour from dark blue (0) to yellow (100), a scale that the colour-blind can
/// read; it is the same in light and dark. Each combination of length and depth is there at most once.
std::string heatmap(const std::string& title, const std::vector<HeatmapCell>& cells);

/// The scale of all heatmaps, and what hatching means. XHTML.
std::string heatmap_legend();

/// The colour of a score from 0 to 1, "#rrggbb", and whether text on it has to be white.
struct ScoreColour {
  std::string fill;
  bool dark = false;
};
ScoreColour score_colour(double score);

}  // namespace focusllm::eval::report
