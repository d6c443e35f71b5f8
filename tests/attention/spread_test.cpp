#include "attention/spread.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace focusllm::attention {
namespace {

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * double{b[i]};
  return sum;
}

std::vector<float> normal(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> values;
  std::vector<float> all(count);
  for (float& value : all) value = values(random);
  return all;
}

TEST(Spread, KeepsProductsAndComesBack) {
  for (const Isa isa : supported_isas()) {
    for (const int dim : {16, 32, 48, 64, 80, 96, 128, 192, 256, 512}) {
      for (const std::int64_t heads : {1, 3, 700}) {
        const auto size = static_cast<std::size_t>(heads * dim);
        const std::vector<float> a = normal(size, 1), b = normal(size, 2);
        std::vector<float> x(size), y = b, back(size);
        spread_heads(isa, a.data(), heads, dim, x.data());
        spread_heads(isa, y.data(), heads, dim, y.data());  // in place
        EXPECT_NEAR(dot(x, y), dot(a, b), 1e-5 * static_cast<double>(size)) << isa_name(isa) << " " << dim;
        gather_heads(isa, x.data(), heads, dim, back.data());
        for (std::size_t i = 0; i < size; ++i)
          ASSERT_NEAR(back[i], a[i], 1e-5) << isa_name(isa) << " " << dim;
      }
    }
  }
}

// To the bit: what one set has spread, another may gather.
TEST(Spread, IsTheSameWithEveryInstructionSet) {
  for (const int dim : {16, 32, 48, 64, 128, 256, 512}) {
    const auto size = static_cast<std::size_t>(3 * dim);
    const std::vector<float> a = normal(size, 1);
    std::vector<float> spread(size), gathered(size), x(size);
    spread_heads(Isa::scalar, a.data(), 3, dim, spread.data());
    gather_heads(Isa::scalar, a.data(), 3, dim, gathered.data());
    for (const Isa isa : supported_isas()) {
      spread_heads(isa, a.data(), 3, dim, x.data());
      EXPECT_EQ(x, spread) << isa_name(isa) << " " << dim;
      gather_heads(isa, a.data(), 3, dim, x.data());
      EXPECT_EQ(x, gathered) << isa_name(isa) << " " << dim;
    }
  }
}

TEST(Spread, OneLargeDimIsSharedByAll) {
  std::vector<float> row(64, 0.1F), spread(64);
  row[5] = 100;
  spread_heads(row.data(), 1, 64, spread.data());
  for (const float value : spread) EXPECT_LT(std::abs(value), 14);
}

}  // namespace
}  // namespace focusllm::attention
