#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace focusllm::eval::report {

/// How values lie on an axis: by their value, by its logarithm, or as lengths of texts: by their logarithm
/// too, but 0 has a place, and only what is measured has a tick.
enum class Scale { linear, logarithmic, lengths };

/// An axis from position `from` to position `to` of a drawing.
class Axis {
 public:
  struct Tick {
    double position = 0;
    std::string label;
  };
  /// For these values; those that are not finite, and where there are logarithms those that are negative (or,
  /// but for lengths, 0), are passed over. Without any the axis shows 0 to 1, or 1 to 10.
  Axis(Scale scale, const std::vector<double>& values, double from, double to);

  /// A little more room on both sides; on a linear axis not across 0.
  void widen(double share);
  /// Shows exactly this, on a linear axis.
  void pin(double least, double most);
  bool shows(double value) const;
  /// Where a value that it does not show would be: the nearer end. Of NaN: the beginning.
  double clamped(double value) const;
  /// Inside the drawing for what it shows.
  double at(double value) const;
  /// Those whose labels fit when each takes `room`, and so much more for each of its characters; the last one
  /// is there in any case.
  std::vector<Tick> ticks(double room, double character = 0) const;

 private:
  double scaled(double value) const;
  double place(double scaled) const;
  std::vector<double> tick_values() const;
  std::string label(double value) const;

  Scale scale_;
  double from_, to_;
  double least_ = 0, most_ = 1;  ///< scaled
  double zero_ = 0;              ///< what stands for a length of 0: half the smallest other one
  std::vector<double> values_;   ///< ascending, each once
};

/// "4K", "1M", "400", in steps of 1024.
std::string format_length(std::int64_t tokens);

}  // namespace focusllm::eval::report
