#include "eval/report/format.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace focusllm::eval::report {
namespace {

/// Of a share: whole percent, 1 to 99 unless it is nothing or all.
int whole_percent(double share) {
  if (share <= 0) return 0;
  if (share >= 1) return 100;
  return std::clamp(static_cast<int>(std::lround(100 * share)), 1, 99);
}

}  // namespace

std::string short_number(std::optional<double> value) {
  if (!value) return "";
  if (!std::isfinite(*value)) return "–";
  const double size = std::abs(*value);
  if (size >= 1e9) return fmt::format("{:.3g}", *value);
  if (size >= 99.95 || size == 0) return fmt::format("{:.0f}", *value);
  return size < 1e-4 ? fmt::format("{:.2g}", *value) : fmt::format("{:#.3g}", *value);
}

std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{} %", whole_percent(share)) : "";
}

std::string percent_interval(const Estimate& estimate) {
  if (estimate.kind == IntervalKind::none) return "";
  return fmt::format("{:.0f} to {:.0f} %", 100 * estimate.low, 100 * estimate.high);
}

std::string interval_text(const Estimate& estimate) {
  if (estimate.kind == IntervalKind::none) return "";
  return short_number(estimate.low) + " to " + short_number(estimate.high);
}

std::optional<double> mebibytes(std::optional<double> bytes) {
  if (!bytes) return std::nullopt;
  return *bytes / (1 << 20);
}

}  // namespace focusllm::eval::report
