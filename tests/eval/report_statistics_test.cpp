#include <cmath>
#include <utility>

#include <gtest/gtest.h>

#include "eval/report/statistics.h"

namespace focusllm::eval::report {
namespace {

// What defines Wilson's interval: its ends are the shares of which the one that was seen is just 1.96
// standard errors away, with the standard error at that end.
TEST(Statistics, WilsonsEndsAreJustSignificant) {
  for (const auto& [right, trials] :
       {std::pair<std::size_t, std::size_t>{8, 10}, {1, 2}, {50, 100}, {159, 160}}) {
    const Estimate estimate = wilson(right, trials);
    EXPECT_EQ(estimate.kind, IntervalKind::wilson);
    EXPECT_EQ(estimate.count, trials);
    for (const double end : {estimate.low, estimate.high}) {
      const double error = std::sqrt(end * (1 - end) / static_cast<double>(trials));
      EXPECT_NEAR(std::abs(estimate.mean - end), 1.959964 * error, 1e-6) << right << " of " << trials;
    }
  }
}

TEST(Statistics, WilsonWorkedByHand) {
  // 10 of 10: from n / (n + z^2) = 10 / 13.8415 to 1; none of 10 is the same from the other side.
  EXPECT_NEAR(wilson(10, 10).low, 0.722467, 1e-6);
  EXPECT_DOUBLE_EQ(wilson(10, 10).high, 1);
  EXPECT_NEAR(wilson(0, 10).high, 0.277533, 1e-6);
  EXPECT_DOUBLE_EQ(wilson(0, 10).low, 0);
  // 8 of 10: (8 + 1.92073 -+ 1.96 sqrt(1.6 + 0.960365)) / 13.8415
  EXPECT_NEAR(wilson(8, 10).low, 0.490162, 1e-6);
  EXPECT_NEAR(wilson(8, 10).high, 0.943318, 1e-6);
}

TEST(Statistics, ScoresChooseTheirInterval) {
  EXPECT_EQ(score_estimate({1, 0, 1}).kind, IntervalKind::wilson);
  const Estimate graded = score_estimate({0.9, 1, 1});
  EXPECT_EQ(graded.kind, IntervalKind::student);
  EXPECT_NEAR(graded.mean, 2.9 / 3, 1e-12);
  EXPECT_NEAR(graded.low, 2.9 / 3 - 4.303 * std::sqrt(0.02 / 3 / 2 / 3), 1e-6);
  EXPECT_EQ(graded.high, 1) << "no score is above 1";
  const Estimate one = score_estimate({0.5});
  EXPECT_EQ(one.kind, IntervalKind::none);
  EXPECT_EQ(one.mean, 0.5);
  EXPECT_EQ(score_estimate({}).count, 0U);
  EXPECT_TRUE(std::isnan(score_estimate({}).mean));
}

TEST(Statistics, PerplexityIsExpOfTheMeanAndItsEnds) {
  const Estimate estimate = perplexity_estimate({1, 2, 3});
  EXPECT_NEAR(estimate.mean, std::exp(2.0), 1e-12);
  EXPECT_NEAR(estimate.low, std::exp(2 - 4.303 / std::sqrt(3.0)), 1e-9);
  EXPECT_NEAR(estimate.high, std::exp(2 + 4.303 / std::sqrt(3.0)), 1e-9);
  EXPECT_EQ(perplexity_estimate({1}).kind, IntervalKind::none);
}

TEST(Statistics, MedianOfOddEvenAndNothing) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({7}), 7);
  EXPECT_EQ(median({}), std::nullopt);
}

}  // namespace
}  // namespace focusllm::eval::report
