#include "eval/report/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace focusllm::eval::report {
namespace {

/// Student's t for a two-sided 95 % interval with so many degrees of freedom.
double students_t(std::size_t freedom) {
  constexpr std::array kTable{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                              2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086};
  return freedom <= kTable.size() ? kTable.at(freedom - 1) : 1.96 + 2.5 / static_cast<double>(freedom);
}

}  // namespace

Estimate wilson(std::size_t right, std::size_t trials) {
  constexpr double kZ = 1.959963984540054;  // the normal distribution's 97.5 % point
  const auto k = static_cast<double>(right), n = static_cast<double>(trials);
  const double middle = (k + kZ * kZ / 2) / (n + kZ * kZ);
  const double half = kZ / (n + kZ * kZ) * std::sqrt(k * (n - k) / n + kZ * kZ / 4);
  return {k / n, std::max(0.0, middle - half), std::min(1.0, middle + half), trials, IntervalKind::wilson};
}

Estimate student(const std::vector<double>& values) {
  Estimate estimate;
  estimate.count = values.size();
  if (values.empty()) return estimate;
  const auto count = static_cast<double>(values.size());
  estimate.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() < 2) return estimate;
  double squares = 0;
  for (const double value : values) squares += (value - estimate.mean) * (value - estimate.mean);
  const double half = students_t(values.size() - 1) * std::sqrt(squares / (count - 1) / count);
  estimate.low = estimate.mean - half;
  estimate.high = estimate.mean + half;
  estimate.kind = IntervalKind::student;
  return estimate;
}

Estimate score_estimate(const std::vector<double>& scores) {
  const auto right = static_cast<std::size_t>(std::count(scores.begin(), scores.end(), 1.0));
  const auto wrong = static_cast<std::size_t>(std::count(scores.begin(), scores.end(), 0.0));
  if (!scores.empty() && right + wrong == scores.size()) return wilson(right, scores.size());
  Estimate estimate = student(scores);
  if (estimate.kind == IntervalKind::none) return estimate;
  estimate.low = std::max(estimate.low, 0.0);
  estimate.high = std::min(estimate.high, 1.0);
  return estimate;
}

Estimate perplexity_estimate(const std::vector<double>& nlls) {
  Estimate estimate = student(nlls);
  estimate.mean = std::exp(estimate.mean);
  estimate.low = std::exp(estimate.low);
  estimate.high = std::exp(estimate.high);
  return estimate;
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

const char* interval_name(IntervalKind kind) {
  switch (kind) {
    case IntervalKind::none:
      return "";
    case IntervalKind::wilson:
      return "Wilson";
    case IntervalKind::student:
      return "Student's t";
  }
  return "";
}

}  // namespace focusllm::eval::report
