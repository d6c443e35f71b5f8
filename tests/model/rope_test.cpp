#include "model/rope.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace focusllm::model {
namespace {

std::vector<float> rotate(const Rope& rope, std::vector<float> x, std::int64_t position) {
  const std::int64_t positions[] = {position};
  rope.rotate(x.data(), 1, static_cast<int>(x.size()), rope.table(positions), 0, x.data());
  return x;
}

/// Radians per position of pair i, read off the rotation of a unit vector.
double frequency(const Rope& rope, int pair) {
  std::vector<float> x(static_cast<std::size_t>(rope.dim()), 0.0F);
  x[static_cast<std::size_t>(pair)] = 1;
  const auto y = rotate(rope, x, 1);
  return std::atan2(y[static_cast<std::size_t>(pair + rope.dim() / 2)], y[static_cast<std::size_t>(pair)]);
}

TEST(Rope, TurnsPairsAndKeepsTheRest) {
  const Rope halves(4, 100, {}, false);
  const auto a = rotate(halves, {1, 2, 3, 4, 5, 6}, 3);
  EXPECT_NEAR(a[0], std::cos(3.0) - 3 * std::sin(3.0), 1e-5);
  EXPECT_NEAR(a[2], std::sin(3.0) + 3 * std::cos(3.0), 1e-5);
  EXPECT_NEAR(a[1], 2 * std::cos(0.3) - 4 * std::sin(0.3), 1e-5);
  EXPECT_EQ(a[4], 5);
  EXPECT_EQ(a[5], 6);
  const Rope pairs(4, 100, {}, true);
  const auto b = rotate(pairs, {1, 2, 3, 4}, 3);
  EXPECT_NEAR(b[0], std::cos(3.0) - 2 * std::sin(3.0), 1e-5);
  EXPECT_NEAR(b[3], 3 * std::sin(0.3) + 4 * std::cos(0.3), 1e-5);
}

TEST(Rope, FarPositionsStayExact) {
  const Rope rope(64, 100000, {}, false);
  const std::int64_t position = 1'048'575;
  const auto y = rotate(
      rope,
      [] {
        std::vector<float> x(64, 0.0F);
        x[0] = 1;
        return x;
      }(),
      position);
  EXPECT_NEAR(y[0], std::cos(static_cast<double>(position)), 1e-6);
}

TEST(Rope, LinearScalingSlowsEveryPair) {
  RopeScaling scaling;
  scaling.kind = RopeScaling::Kind::linear;
  scaling.factor = 8;
  const Rope plain(16, 10000, {}, false);
  const Rope scaled(16, 10000, scaling, false);
  for (int i = 0; i < 8; ++i) EXPECT_NEAR(frequency(scaled, i), frequency(plain, i) / 8, 1e-7);
}

TEST(Rope, Llama3ScalingKeepsShortWavesAndSlowsLongOnes) {
  RopeScaling scaling;
  scaling.kind = RopeScaling::Kind::llama3;
  scaling.factor = 8;
  scaling.original_context = 8192;
  const Rope plain(128, 500000, {}, false);
  const Rope scaled(128, 500000, scaling, false);
  EXPECT_NEAR(frequency(scaled, 0), frequency(plain, 0), 1e-7);
  EXPECT_NEAR(frequency(scaled, 63) * 8, frequency(plain, 63), 1e-7);
  for (int i = 0; i < 64; ++i) {
    const double wave = 2 * std::numbers::pi / frequency(plain, i);
    if (wave < 8192 / 4.0) {
      EXPECT_NEAR(frequency(scaled, i), frequency(plain, i), 1e-6) << i;
    }
    if (wave > 8192) {
      EXPECT_NEAR(frequency(scaled, i) * 8, frequency(plain, i), 1e-6) << i;
    }
  }
}

TEST(Rope, YarnInterpolatesSlowPairsAndWarmsTheLogits) {
  RopeScaling scaling;
  scaling.kind = RopeScaling::Kind::yarn;
  scaling.factor = 4;
  scaling.original_context = 4096;
  const Rope plain(64, 10000, {}, false);
  const Rope scaled(64, 10000, scaling, false);
  EXPECT_NEAR(frequency(scaled, 0), frequency(plain, 0), 1e-6);
  EXPECT_NEAR(frequency(scaled, 31) * 4, frequency(plain, 31), 1e-6);
  std::vector<float> x(64, 0.0F);
  x[0] = 1;
  const auto y = rotate(scaled, x, 0);
  EXPECT_NEAR(y[0], 0.1 * std::log(4.0) + 1, 1e-6);
}

TEST(Rope, DivisorsOfTheFileAreApplied) {
  RopeScaling scaling;
  scaling.frequency_divisors = {1, 2, 4, 8};
  const Rope plain(8, 10000, {}, false);
  const Rope scaled(8, 10000, scaling, false);
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(frequency(scaled, i) * (1 << i), frequency(plain, i), 1e-7);
}

}  // namespace
}  // namespace focusllm::model
