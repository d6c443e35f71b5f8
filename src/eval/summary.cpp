#include "eval/summary.h"

#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace focusllm::eval {
namespace {

using Json = nlohmann::ordered_json;

/// Measurements of one cell: the sum of their scores, and those that a method refused.
struct Scores {
  double sum = 0;
  int measured = 0, refused = 0;

  void add(const Json& line) {
    if (line.contains("error")) {
      ++refused;
    } else {
      sum += line.contains("score") ? line.at("score").get<double>() : line.value("right", false) ? 1.0 : 0.0;
      ++measured;
    }
  }
  std::string percent() const {
    return measured == 0 ? fmt::format("{:>9}", "-") : fmt::format("{:>7.1f} %", 100 * sum / measured);
  }
};

/// By depth (percent); -1 for tasks without.
using Depths = std::map<double, Scores>;
constexpr double kNoDepth = -1;
/// By length (tokens); -1 for the lines of files.
using Lengths = std::map<std::int64_t, Depths>;
constexpr std::int64_t kNoLength = -1;

std::string score_row(std::int64_t length, const Depths& depths) {
  Scores all;
  std::string cells;
  for (const auto& [depth, cell] : depths) {
    all.sum += cell.sum;
    all.measured += cell.measured;
    all.refused += cell.refused;
    if (depth != kNoDepth) cells += fmt::format(" {:g}%:{:.4g}/{}", depth, cell.sum, cell.measured);
  }
  const std::string name = length == kNoLength ? "of files" : std::to_string(length);
  const std::string refused = all.refused == 0 ? "" : fmt::format("  {} refused", all.refused);
  return fmt::format("  {:>9} {} {:>6}  {}{}\n", name, all.percent(), all.measured, cells, refused);
}

std::string score_tables(const std::vector<Json>& lines) {
  std::map<std::string, Lengths> by_name;
  for (const Json& line : lines) {
    const Json& id = line.at("identity");
    if (id.at("task") == "perplexity") continue;
    const std::string name =
        fmt::format("{}, {} {}", id.at("task").get<std::string>(), id.at("method").get<std::string>(),
                    id.at("variant").get<std::string>());
    const Json length = id.value("length", Json()), depth = id.value("depth", Json());
    by_name[name][length.is_null() ? kNoLength : length.get<std::int64_t>()]
           [depth.is_null() ? kNoDepth : depth.get<double>()]
               .add(line);
  }
  std::string text;
  for (const auto& [name, lengths] : by_name) {
    text += fmt::format("{}\n  {:>9} {:>9} {:>6}   by depth\n", name, "length", "score", "of");
    for (const auto& [length, depths] : lengths) text += score_row(length, depths);
  }
  return text;
}

std::string perplexity_table(const std::vector<Json>& lines) {
  // Mean -ln p of each window, by method and kind of memory and its length.
  std::map<std::string, std::map<std::int64_t, std::map<std::string, double>>> by_name;
  std::map<std::string, std::map<std::string, double>> alone;
  for (const Json& line : lines) {
    const Json& id = line.at("identity");
    if (id.at("task") != "perplexity" || !line.contains("nll")) continue;
    const auto method = id.at("method").get<std::string>();
    const auto window = id.at("window").get<std::string>();
    const auto length = id.at("length").get<std::int64_t>();
    const auto nll = line.at("nll").get<double>();
    if (length == 0) {
      alone[method][window] = nll;
    } else {
      by_name[method + ", " + id.at("variant").get<std::string>()][length][window] = nll;
    }
  }
  std::string text;
  for (const auto& [name, lengths] : by_name) {
    const auto& base = alone[name.substr(0, name.find(','))];
    text += fmt::format("perplexity, {}\n  {:>9} {:>9} {:>9} {:>9}   change (95 %)\n", name, "memory",
                        "windows", "without", "with");
    for (const auto& [length, windows] : lengths) {
      std::vector<double> differences;
      double with = 0, without = 0;
      for (const auto& [window, nll] : windows) {
        const auto found = base.find(window);
        if (found == base.end()) continue;
        differences.push_back(nll - found->second);
        with += nll;
        without += found->second;
      }
      if (differences.empty()) continue;
      const auto count = static_cast<double>(differences.size());
      const Interval change = interval_of(differences);
      text += fmt::format("  {:>9} {:>9} {:>9.3f} {:>9.3f}   {:+.2f} % ({:+.2f} to {:+.2f})\n", length,
                          differences.size(), std::exp(without / count), std::exp(with / count),
                          100 * std::expm1(change.mean), 100 * std::expm1(change.mean - change.half_width),
                          100 * std::expm1(change.mean + change.half_width));
    }
  }
  return text;
}

/// Student's t for a two-sided 95 % interval with so many degrees of freedom.
double students_t(std::size_t freedom) {
  constexpr std::array kTable{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                              2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086};
  if (freedom == 0) return INFINITY;
  return freedom <= kTable.size() ? kTable[freedom - 1] : 1.96 + 2.5 / static_cast<double>(freedom);
}

}  // namespace

Interval interval_of(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = sum / count;
  for (const double value : values) squares += (value - mean) * (value - mean);
  if (values.size() < 2) return {mean, INFINITY};
  return {mean, students_t(values.size() - 1) * std::sqrt(squares / (count - 1) / count)};
}

std::string summary(const std::vector<Json>& lines) {
  return score_tables(lines) + perplexity_table(lines);
}

}  // namespace focusllm::eval
