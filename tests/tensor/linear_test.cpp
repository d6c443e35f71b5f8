#include "tensor/linear.h"

#include <cmath>
#include <limits>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/error.h"
#include "random_matrix.h"
#include "tensor/few_rows.h"

namespace focusllm {
namespace {

using testing::normal;
using testing::RandomMatrix;

constexpr BlockType kTypes[] = {BlockType::f32,  BlockType::f16,    BlockType::bf16,  BlockType::q4_0,
                                BlockType::q4_1, BlockType::q5_0,   BlockType::q5_1,  BlockType::q8_0,
                                BlockType::q2_k, BlockType::q3_k,   BlockType::q4_k,  BlockType::q5_k,
                                BlockType::q6_k, BlockType::iq4_nl, BlockType::iq4_xs};
constexpr std::int64_t kRows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 64, 200};

/// Rounding errors of K products are independent: their sum grows like |w| |x| / sqrt(K) times the unit of
/// rounding. int8 has units near 5 sigma / 127 / sqrt(12) = 1.1 % on either side (the rotated rows of random
/// K blocks, whose parts have means, peak at 5 sigma); the bound is ten of that, and more of bf16's 0.1 %.
double tolerance(ProductType type, double norms, std::int64_t inputs) {
  switch (type) {
    case ProductType::f32:
      return 2e-6 * norms;
    case ProductType::bf16:
      return 0.03 * norms / std::sqrt(static_cast<double>(inputs));
    default:
      return 0.15 * norms / std::sqrt(static_cast<double>(inputs));
  }
}

struct Worst {
  double excess = 0;
  std::string where;
};

double product_of(const float* a, const float* b, std::int64_t count) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

/// Checks y [rows, outputs] against start + x W^T in double precision.
void expect_product(const std::vector<const RandomMatrix*>& stack, const std::vector<float>& x,
                    std::int64_t rows, const std::vector<float>& y, float start, ProductType type,
                    const std::string& what) {
  const std::int64_t inputs = stack.front()->matrix().cols;
  Worst worst;
  std::size_t at = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* row = x.data() + r * inputs;
    const double x2 = product_of(row, row, inputs);
    for (const RandomMatrix* matrix : stack) {
      for (std::int64_t o = 0; o < matrix->matrix().rows; ++o, ++at) {
        const float* weights = matrix->row(o).data();
        const double sum = product_of(row, weights, inputs);
        const double w2 = product_of(weights, weights, inputs);
        const double difference = std::abs(y[at] - (sum + start));
        const double ratio = difference / tolerance(type, std::sqrt(w2 * x2) + std::abs(start), inputs);
        if (!(ratio <= worst.excess))
          worst = {ratio, fmt::format("row {} output {}: {} for {}", r, o, y[at], sum + start)};
      }
    }
  }
  EXPECT_TRUE(worst.excess <= 1) << what << ": " << worst.excess << " of the tolerance at " << worst.where;
}

std::int64_t width_of(BlockType type) {
  const std::int64_t elements = block_traits(type).elements;
  return elements == 1 ? 75 : elements == 32 ? 160 : 512;
}

class EveryIsa : public ::testing::Test {
 protected:
  void TearDown() override { set_active_isa(before_); }

 private:
  Isa before_ = active_isa();
};

TEST_F(EveryIsa, FewRowsOfEveryTypeMatchTheReference) {
  for (const BlockType type : kTypes) {
    const std::int64_t inputs = width_of(type);
    const RandomMatrix first(type, 37, inputs, 1);
    const RandomMatrix second(type, 16, inputs, 2);
    const bool floats = block_traits(type).elements == 1;
    for (const Isa isa : supported_isas()) {
      set_active_isa(isa);
      const FewRows product(std::vector{first.matrix(), second.matrix()});
      for (const std::int64_t rows : kRows) {
        const std::vector<float> x = normal(rows * inputs, 3);
        for (const bool accumulate : {false, true}) {
          std::vector<float> y(static_cast<std::size_t>(rows * 53), accumulate ? 2.5F : std::nanf(""));
          product.apply(x.data(), rows, y.data(), accumulate);
          expect_product({&first, &second}, x, rows, y, accumulate ? 2.5F : 0,
                         floats ? ProductType::f32 : ProductType::int8,
                         fmt::format("{} {} {} rows{}", block_traits(type).name, isa_name(isa), rows,
                                     accumulate ? " added" : ""));
        }
      }
    }
  }
}

TEST_F(EveryIsa, ManyRowsInInt8MatchTheReference) {
  for (const std::int64_t inputs : {32, 75, 96, 160, 576, 1536, 2048}) {
    const RandomMatrix first(BlockType::f32, 101, inputs, 1);
    const RandomMatrix second(BlockType::f32, 64, inputs, 2);
    for (const Isa isa : supported_isas()) {
      set_active_isa(isa);
      const Linear linear({first.matrix(), second.matrix()}, ProductType::int8);
      for (const std::int64_t rows : {24, 31, 33, 100}) {
        const std::vector<float> x = normal(rows * inputs, 3);
        std::vector<float> y(static_cast<std::size_t>(rows * 165), 1.5F);
        linear.apply(x.data(), rows, y.data(), true);
        expect_product({&first, &second}, x, rows, y, 1.5F, ProductType::int8,
                       fmt::format("width {} {} {} rows", inputs, isa_name(isa), rows));
      }
    }
  }
}

TEST(Linear, EveryTypeMatchesTheReference) {
  for (const BlockType type : kTypes) {
    const std::int64_t inputs = width_of(type);
    const RandomMatrix matrix(type, 37, inputs, 4);
    for (const ProductType number : {ProductType::f32, ProductType::bf16, ProductType::int8}) {
      if (number == ProductType::bf16 && !has_bf16_products()) {
        EXPECT_THROW(Linear({matrix.matrix()}, number), Error);
        continue;
      }
      const Linear linear({matrix.matrix()}, number);
      EXPECT_EQ(linear.product_type(), number);
      EXPECT_EQ(linear.outputs(), 37);
      EXPECT_EQ(linear.inputs(), inputs);
      for (const std::int64_t rows : kRows) {
        const std::vector<float> x = normal(rows * inputs, 5);
        std::vector<float> y(static_cast<std::size_t>(rows * 37), std::nanf(""));
        linear.apply(x.data(), rows, y.data());
        const bool quantizes = number == ProductType::int8 || (block_traits(type).elements > 1 && rows < 24);
        expect_product(
            {&matrix}, x, rows, y, 0, quantizes ? ProductType::int8 : number,
            fmt::format("{} as {} {} rows", block_traits(type).name, static_cast<int>(number), rows));
      }
    }
  }
}

TEST(Linear, StacksMixBlockTypes) {
  const RandomMatrix q(BlockType::q5_0, 48, 640, 1);
  const RandomMatrix v(BlockType::q8_0, 19, 640, 2);
  const RandomMatrix f(BlockType::f16, 5, 640, 3);
  for (const ProductType type : {ProductType::automatic, ProductType::int8}) {
    const Linear linear({q.matrix(), v.matrix(), f.matrix()}, type);
    for (const std::int64_t rows : kRows) {
      const std::vector<float> x = normal(rows * 640, 5);
      std::vector<float> y(static_cast<std::size_t>(rows * 72));
      linear.apply(x.data(), rows, y.data());
      expect_product({&q, &v, &f}, x, rows, y, 0, ProductType::int8, fmt::format("{} rows", rows));
    }
  }
}

TEST(Linear, ARowDoesNotDependOnItsNeighbours) {
  const RandomMatrix matrix(BlockType::q4_1, 67, 576, 1);
  const Linear linear({matrix.matrix()}, ProductType::int8);
  const std::vector<float> x = normal(600 * 576, 5);
  for (const auto& [most, counts] :
       {std::pair{7L, std::vector{1L, 2L, 3L, 6L}}, std::pair{600L, std::vector{33L, 64L, 485L}}}) {
    std::vector<float> all(static_cast<std::size_t>(most * 67));
    linear.apply(x.data(), most, all.data());
    for (const long rows : counts) {
      std::vector<float> some(static_cast<std::size_t>(rows * 67));
      linear.apply(x.data() + (most - rows) * 576, rows, some.data());
      EXPECT_TRUE(std::equal(some.begin(), some.end(), all.end() - static_cast<std::ptrdiff_t>(some.size())))
          << rows << " of " << most;
    }
  }
}

TEST(Linear, NotANumberStaysInItsRowAndIsSeen) {
  const RandomMatrix matrix(BlockType::q4_1, 32, 576, 1);
  const Linear linear({matrix.matrix()}, ProductType::int8);
  for (const std::int64_t rows : {3, 100}) {
    for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
      std::vector<float> x = normal(rows * 576, 5);
      x[576 + 70] = bad;
      std::vector<float> y(static_cast<std::size_t>(rows * 32));
      linear.apply(x.data(), rows, y.data());
      for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(std::isfinite(y[i]), i / 32 != 1) << i;
    }
  }
}

TEST(Linear, FirstCallsFromSeveralThreadsPackOnce) {
  const RandomMatrix matrix(BlockType::q4_1, 64, 576, 1);
  const Linear linear({matrix.matrix()}, ProductType::int8);
  const std::vector<float> x = normal(64 * 576, 5);
  std::vector<std::vector<float>> results(4, std::vector<float>(64 * 64));
  std::vector<std::thread> threads;
  for (std::vector<float>& y : results) {
    threads.emplace_back([&] {
      linear.apply(x.data(), 64, y.data());
      linear.apply(x.data(), 1, y.data());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<float>& y : results) EXPECT_EQ(y, results.front());
}

TEST(Linear, ContradictoryStacksAreRefused) {
  const RandomMatrix a(BlockType::f32, 4, 32, 1);
  const RandomMatrix b(BlockType::f32, 4, 64, 1);
  EXPECT_THROW(Linear({}), Error);
  EXPECT_THROW(Linear({a.matrix(), b.matrix()}), Error);
  EXPECT_THROW(Linear({BlockMatrix{BlockType::q4_0, a.matrix().data, 1, 33}}), Error);
  EXPECT_THROW(Linear({BlockMatrix{BlockType::f32, a.matrix().data, 0, 32}}), Error);
}

TEST(ProductTypes, FollowThePrecisionOfTheFile) {
  EXPECT_EQ(choose_product_type(BlockType::f32), ProductType::f32);
  EXPECT_NE(choose_product_type(BlockType::f16), ProductType::int8);
  EXPECT_NE(choose_product_type(BlockType::bf16), ProductType::int8);
  EXPECT_NE(choose_product_type(BlockType::q4_1), ProductType::automatic);
}

TEST(ProductTypes, TheHeadIsNeverInt8) {
  const RandomMatrix matrix(BlockType::q8_0, 20000, 32, 1);
  for (const ProductType type : {ProductType::automatic, ProductType::int8})
    EXPECT_NE(Linear({matrix.matrix()}, type).product_type(), ProductType::int8);
}

}  // namespace
}  // namespace focusllm
