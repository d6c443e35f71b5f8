#pragma once

#include <optional>
#include <string>

#include "eval/report/statistics.h"

namespace focusllm::eval::report {

/// A number with about three digits; "" of nothing, "–" of what is not finite.
std::string short_number(std::optional<double> value);
/// "85 %" of 0.85; neither 0 nor 100 for what only rounds to it.
std::string percent(double share);
/// "30 to 95 %", or "" without an interval.
std::string percent_interval(const Estimate& estimate);
/// "12.1 to 13.4", or "" without an interval.
std::string interval_text(const Estimate& estimate);
/// Bytes in MiB.
std::optional<double> mebibytes(std::optional<double> bytes);

}  // namespace focusllm::eval::report
