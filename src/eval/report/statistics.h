#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

namespace focusllm::eval::report {

enum class IntervalKind { none, wilson, student };

/// A mean with its two-sided 95 % interval. Without an interval (fewer than two values) the ends are
/// infinite.
struct Estimate {
  double mean = std::numeric_limits<double>::quiet_NaN();
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::size_t count = 0;
  IntervalKind kind = IntervalKind::none;
};

/// Wilson's score interval of a share (E. B. Wilson, 1927): it stays within 0 and 1, and is no point where
/// all or none of the trials are right. Needs trials > 0.
Estimate wilson(std::size_t right, std::size_t trials);
/// Mean and Student's t interval of any values.
Estimate student(const std::vector<double>& values);
/// Scores from 0 to 1: Wilson's interval if all are 0 or 1, else Student's, cut at 0 and 1.
Estimate score_estimate(const std::vector<double>& scores);
/// Perplexity of mean negative log-likelihoods (nats per token), one of each window: exp of their mean and of
/// the ends of its Student's t interval.
Estimate perplexity_estimate(const std::vector<double>& nlls);
/// Nothing of no values.
std::optional<double> median(std::vector<double> values);
/// "Wilson", "Student's t" or "".
const char* interval_name(IntervalKind kind);

}  // namespace focusllm::eval::report
