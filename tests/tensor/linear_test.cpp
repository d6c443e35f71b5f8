#include "tensor/linear.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/error.h"
#include "random_matrix.h"
#include "tensor/stack.h"

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

std::vector<float> apply(const Linear& linear, const std::vector<float>& x, std::int64_t rows, Use use,
                         std::optional<float> start = std::nullopt) {
  std::vector<float> y(static_cast<std::size_t>(rows * linear.outputs()), start.value_or(std::nanf("")));
  linear.apply(x.data(), rows, y.data(), use, start.has_value());
  return y;
}

TEST(EveryIsa, RowsThatAnswerMatchTheReferenceInEveryType) {
  for (const BlockType type : kTypes) {
    const std::int64_t inputs = width_of(type);
    const RandomMatrix first(type, 37, inputs, 1);
    const RandomMatrix second(type, 16, inputs, 2);
    const bool floats = block_traits(type).elements == 1;
    for (const Isa isa : supported_isas()) {
      const Linear linear({first.matrix(), second.matrix()}, {ProductType::automatic, isa});
      for (const std::int64_t rows : kRows) {
        const std::vector<float> x = normal(rows * inputs, 3);
        for (const std::optional<float> start : {std::optional<float>(), std::optional(2.5F)}) {
          expect_product({&first, &second}, x, rows, apply(linear, x, rows, Use::answer, start),
                         start.value_or(0), floats ? ProductType::f32 : ProductType::int8,
                         fmt::format("{} {} {} rows{}", block_traits(type).name, isa_name(isa), rows,
                                     start ? " added" : ""));
        }
      }
    }
  }
}

TEST(EveryIsa, RowsThatAreReadMatchTheReferenceInEveryType) {
  for (const BlockType type : kTypes) {
    const std::int64_t inputs = width_of(type);
    const RandomMatrix first(type, 101, inputs, 1);
    const RandomMatrix second(type, 64, inputs, 2);
    for (const Isa isa : supported_isas()) {
      for (const ProductType number : {ProductType::f32, ProductType::bf16, ProductType::int8}) {
        if (number == ProductType::bf16 && !has_bf16_products(isa)) {
          EXPECT_THROW(Linear({first.matrix()}, {number, isa}), Error);
          continue;
        }
        const Linear linear({first.matrix(), second.matrix()}, {number, isa});
        EXPECT_EQ(linear.product_type(), number);
        EXPECT_EQ(linear.isa(), isa);
        EXPECT_EQ(linear.outputs(), 165);
        EXPECT_EQ(linear.inputs(), inputs);
        for (const std::int64_t rows : {1, 7, 33, 100}) {
          const std::vector<float> x = normal(rows * inputs, 3);
          for (const std::optional<float> start : {std::optional<float>(), std::optional(1.5F)}) {
            expect_product({&first, &second}, x, rows, apply(linear, x, rows, Use::read, start),
                           start.value_or(0), number,
                           fmt::format("{} {} as {} {} rows{}", block_traits(type).name, isa_name(isa),
                                       static_cast<int>(number), rows, start ? " added" : ""));
          }
        }
      }
    }
  }
}

// Widths that are not whole blocks of what is scaled or unpacked together, and more than is unpacked at a
// time.
TEST(EveryIsa, OddWidthsAreReadRightly) {
  for (const std::int64_t inputs : {32, 64, 96, 160, 288, 576, 1536, 2048, 2112, 2304, 4864}) {
    const RandomMatrix matrix(BlockType::q4_1, 70, inputs, 1);
    const RandomMatrix floats(BlockType::bf16, 70, inputs + 3, 2);
    for (const Isa isa : supported_isas()) {
      const std::string where = fmt::format("width {} {}", inputs, isa_name(isa));
      for (const ProductType number : {ProductType::f32, ProductType::int8}) {
        const std::vector<float> x = normal(37 * inputs, 3);
        const Linear linear({matrix.matrix()}, {number, isa});
        expect_product({&matrix}, x, 37, apply(linear, x, 37, Use::read), 0, number, where);
      }
      const std::vector<float> x = normal(9 * (inputs + 3), 3);
      const Linear linear({floats.matrix()}, {ProductType::automatic, isa});
      expect_product({&floats}, x, 9, apply(linear, x, 9, Use::read), 0, ProductType::bf16,
                     where + " floats");
    }
  }
}

/// The number types that rows are read in, and rows that answer (nothing).
std::vector<std::optional<ProductType>> arithmetics(Isa isa) {
  std::vector<std::optional<ProductType>> all{std::nullopt, ProductType::f32, ProductType::int8};
  if (has_bf16_products(isa)) all.push_back(ProductType::bf16);
  return all;
}

// To the bit: in groups of every size, from 1 to 600, in any order.
TEST(EveryIsa, ARowDoesNotDependOnItsNeighbours) {
  constexpr std::int64_t kWidth = 320;
  constexpr std::int64_t kOutputs = 83;
  const std::vector<float> x = normal(600 * kWidth, 5);
  std::vector<std::int64_t> order(600);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 random(7);
  for (const BlockType type : {BlockType::q4_1, BlockType::q8_0, BlockType::bf16, BlockType::f32}) {
    const RandomMatrix matrix(type, kOutputs, kWidth, 1);
    for (const Isa isa : supported_isas()) {
      for (const auto number : arithmetics(isa)) {
        const Linear linear({matrix.matrix()}, {number.value_or(ProductType::automatic), isa});
        const Use use = number ? Use::read : Use::answer;
        const std::vector<float> all = apply(linear, x, 600, use);
        std::shuffle(order.begin(), order.end(), random);
        for (std::int64_t first = 0, size = 1; first < 600; first += size, size = size * 3 / 2 + 1) {
          const std::int64_t rows = std::min(size, 600 - first);
          std::vector<float> some;
          for (std::int64_t i = 0; i < rows; ++i) {
            const auto from = x.begin() + order[static_cast<std::size_t>(first + i)] * kWidth;
            some.insert(some.end(), from, from + kWidth);
          }
          const std::vector<float> y = apply(linear, some, rows, use);
          for (std::int64_t i = 0; i < rows; ++i) {
            const std::int64_t row = order[static_cast<std::size_t>(first + i)];
            ASSERT_EQ(std::memcmp(y.data() + i * kOutputs, all.data() + row * kOutputs, 4 * kOutputs), 0)
                << block_traits(type).name << " " << isa_name(isa) << (number ? " read" : " answer") << " as "
                << static_cast<int>(linear.product_type()) << ": row " << row << " among " << rows;
          }
        }
      }
    }
  }
}

TEST(Linear, StacksMixBlockTypes) {
  const RandomMatrix q(BlockType::q5_0, 48, 640, 1);
  const RandomMatrix v(BlockType::q8_0, 19, 640, 2);
  const RandomMatrix f(BlockType::f16, 5, 640, 3);
  for (const ProductType type : {ProductType::automatic, ProductType::int8}) {
    const Linear linear({q.matrix(), v.matrix(), f.matrix()}, {type});
    for (const Use use : {Use::read, Use::answer}) {
      for (const std::int64_t rows : kRows) {
        const std::vector<float> x = normal(rows * 640, 5);
        expect_product({&q, &v, &f}, x, rows, apply(linear, x, rows, use), 0, ProductType::int8,
                       fmt::format("{} rows", rows));
      }
    }
  }
}

TEST(EveryIsa, NotANumberStaysInItsRowAndIsSeen) {
  const RandomMatrix matrix(BlockType::q4_1, 32, 576, 1);
  for (const Isa isa : supported_isas()) {
    const Linear linear({matrix.matrix()}, {ProductType::int8, isa});
    for (const Use use : {Use::read, Use::answer}) {
      for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
        std::vector<float> x = normal(100 * 576, 5);
        x[576 + 70] = bad;
        const std::vector<float> y = apply(linear, x, 100, use);
        for (std::size_t i = 0; i < y.size(); ++i)
          ASSERT_EQ(std::isfinite(y[i]), i / 32 != 1) << i << " " << isa_name(isa);
      }
    }
  }
}

TEST(EveryIsa, WeightsThatAreNotNumbersAreSeenInTheirOutput) {
  for (const BlockType type : {BlockType::q4_0, BlockType::q4_k, BlockType::bf16}) {
    const RandomMatrix matrix(type, 40, 512, 1);
    const std::int64_t bytes = row_bytes(matrix.matrix());
    std::vector<std::byte> broken(matrix.matrix().data, matrix.matrix().data + 40 * bytes);
    const std::uint16_t nan = 0x7fff;  // as f16 and as bf16
    std::memcpy(broken.data() + 21 * bytes, &nan, 2);
    for (const Isa isa : supported_isas()) {
      const Linear linear({BlockMatrix{type, broken.data(), 40, 512}}, {ProductType::automatic, isa});
      const std::vector<float> x = normal(3 * 512, 5);
      for (const Use use : {Use::read, Use::answer}) {
        const std::vector<float> y = apply(linear, x, 3, use);
        for (std::size_t i = 0; i < y.size(); ++i)
          ASSERT_EQ(std::isfinite(y[i]), i % 40 != 21) << i << " " << isa_name(isa);
      }
    }
  }
}

// Weights that are all of one size, or all zeros, or of one block: the corners of fixed point.
TEST(EveryIsa, EvenWeightsAreReadRightly) {
  for (const float size : {0.0F, 1.0F, -3.0F}) {
    std::vector<float> values(64 * 256, size);
    for (std::size_t i = 0; i < values.size(); i += 7) values[i] = -size;
    std::vector<std::byte> blocks(values.size() / 32 * 34);
    quantize(BlockType::q8_0, values.data(), std::ssize(values), blocks.data());
    const std::vector<float> x = normal(4 * 256, 5);
    for (const Isa isa : supported_isas()) {
      const Linear linear({BlockMatrix{BlockType::q8_0, blocks.data(), 64, 256}}, {ProductType::int8, isa});
      const std::vector<float> y = apply(linear, x, 4, Use::read);
      for (std::int64_t i = 0; i < 4 * 64; ++i) {
        const double exact = product_of(x.data() + i / 64 * 256, values.data() + i % 64 * 256, 256);
        EXPECT_NEAR(y[static_cast<std::size_t>(i)], exact, 0.5 * std::abs(size)) << isa_name(isa);
      }
    }
  }
}

TEST(Linear, FirstCallsFromSeveralThreadsPrepareOnce) {
  const RandomMatrix matrix(BlockType::q4_1, 64, 576, 1);
  const Linear linear({matrix.matrix()}, {ProductType::int8});
  const std::vector<float> x = normal(64 * 576, 5);
  std::vector<std::vector<float>> results(4);
  std::vector<std::thread> threads;
  for (std::vector<float>& y : results) {
    threads.emplace_back([&] {
      y = apply(linear, x, 64, Use::read);
      apply(linear, x, 1, Use::answer);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<float>& y : results) EXPECT_EQ(y, results.front());
}

// What the account counts: at most a quarter more than the file's own blocks, nothing for floats.
TEST(Linear, CopiesTakeAboutTheFilesSize) {
  for (const BlockType type : kTypes) {
    const RandomMatrix matrix(type, 64, 512, 1);
    const std::int64_t copied = Linear({matrix.matrix()}).copied_bytes();
    if (block_traits(type).elements == 1) {
      EXPECT_EQ(copied, 0);
    } else {
      EXPECT_LE(static_cast<double>(copied), 1.2 * static_cast<double>(64 * row_bytes(matrix.matrix())))
          << block_traits(type).name;
    }
  }
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
  for (const Isa isa : supported_isas()) {
    EXPECT_EQ(choose_product_type(BlockType::f32, isa), ProductType::f32);
    EXPECT_NE(choose_product_type(BlockType::f16, isa), ProductType::int8);
    EXPECT_NE(choose_product_type(BlockType::bf16, isa), ProductType::int8);
    EXPECT_NE(choose_product_type(BlockType::q4_1, isa), ProductType::automatic);
  }
}

// A wide feed-forward is no vocabulary: what a product is follows from who uses it, not from its size.
TEST(ProductTypes, DoNotDependOnTheNumberOfOutputs) {
  const RandomMatrix narrow(BlockType::q8_0, 64, 32, 1);
  const RandomMatrix wide(BlockType::q8_0, 28672, 32, 1);
  EXPECT_EQ(Linear({wide.matrix()}).product_type(), Linear({narrow.matrix()}).product_type());
}

}  // namespace
}  // namespace focusllm
