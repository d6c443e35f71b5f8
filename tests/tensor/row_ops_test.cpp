#include "tensor/row_ops.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "random_matrix.h"

namespace focusllm {
namespace {

using testing::normal;

constexpr std::int64_t kWidths[] = {1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 64, 100, 576, 1537};

/// Runs `check(isa, rows, width)` for each instruction set, at odd widths, for one row and for enough to use
/// the threads.
void sweep(const std::function<void(Isa, std::int64_t, std::int64_t)>& check) {
  for (const Isa isa : supported_isas()) {
    SCOPED_TRACE(isa_name(isa));
    for (const std::int64_t width : kWidths) {
      SCOPED_TRACE(width);
      check(isa, 1, width);
      check(isa, 40, width);
    }
  }
}

void expect_near(const std::vector<float>& got, const std::vector<double>& want,
                 const std::vector<double>& bound) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_TRUE(std::abs(got[i] - want[i]) <= bound[i]) << "at " << i << ": " << got[i] << " for " << want[i];
  }
}

TEST(RowOps, DotRows) {
  sweep([](Isa isa, std::int64_t rows, std::int64_t width) {
    const std::vector<float> x = normal(width, 1);
    std::vector<Bf16> matrix;
    for (const float value : normal(rows * width, 2)) matrix.push_back(to_bf16(value));
    std::vector<double> want(static_cast<std::size_t>(rows));
    std::vector<double> bound(want.size());
    for (std::size_t i = 0; i < matrix.size(); ++i) {
      const double term = static_cast<double>(x[i % x.size()]) * static_cast<double>(to_float(matrix[i]));
      want[i / x.size()] += term;
      bound[i / x.size()] += 1e-6 * std::abs(term);
    }
    std::vector<float> out(want.size());
    dot_rows(isa, x.data(), matrix.data(), rows, width, out.data());
    expect_near(out, want, bound);
  });
}

TEST(RowOps, RmsNorm) {
  sweep([](Isa isa, std::int64_t rows, std::int64_t width) {
    std::vector<float> x = normal(rows * width, 1);
    const std::vector<float> weight = normal(width, 2);
    std::vector<double> want(x.size());
    std::vector<double> bound(x.size());
    for (std::int64_t r = 0; r < rows; ++r) {
      double squares = 0;
      for (std::int64_t i = 0; i < width; ++i)
        squares += std::pow(x[static_cast<std::size_t>(r * width + i)], 2);
      for (std::int64_t i = 0; i < width; ++i) {
        const auto at = static_cast<std::size_t>(r * width + i);
        want[at] = x[at] / std::sqrt(squares / static_cast<double>(width) + 1e-5) *
                   weight[static_cast<std::size_t>(i)];
        bound[at] = 2e-6 * std::abs(want[at]);
      }
    }
    std::vector<float> out(x.size());
    rms_norm(isa, x.data(), weight.data(), 1e-5F, rows, width, out.data());
    expect_near(out, want, bound);
    rms_norm(isa, x.data(), weight.data(), 1e-5F, rows, width, x.data());
    EXPECT_EQ(x, out) << "in place";
  });
}

TEST(RowOps, AddAndScale) {
  sweep([](Isa isa, std::int64_t rows, std::int64_t width) {
    const std::vector<float> x = normal(rows * width, 1);
    std::vector<float> y = normal(rows * width, 2);
    std::vector<float> want(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) want[i] = (x[i] + y[i]) * 1.25F;
    add_rows(isa, x.data(), rows, width, y.data());
    scale_rows(isa, 1.25F, rows, width, y.data());
    EXPECT_EQ(y, want);
  });
}

/// Gates over the whole range of floats, exactly 0 and both ends included.
std::vector<float> gates(std::int64_t rows, std::int64_t width) {
  std::vector<float> values = normal(rows * 2 * width, 3);
  const float factors[] = {1, 10, 0, 1e-20F, 60, 3e6F};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool gate = static_cast<std::int64_t>(i) % (2 * width) < width;
    if (gate) values[i] *= factors[i % 6];
  }
  return values;
}

/// The exponent's own rounding makes the error relative to its size.
void check_gate(Isa isa, std::int64_t rows, std::int64_t width,
                void (*operation)(Isa, const float*, std::int64_t, std::int64_t, float*),
                double (*activation)(double), double (*exponent)(double)) {
  const std::vector<float> input = gates(rows, width);
  std::vector<double> want;
  std::vector<double> bound;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < width; ++i) {
      const float gate = input[static_cast<std::size_t>(r * 2 * width + i)];
      const float up = input[static_cast<std::size_t>(r * 2 * width + width + i)];
      want.push_back(activation(gate) * up);
      bound.push_back(1e-6 * std::abs(want.back()) * (1 + std::min(90.0, std::abs(exponent(gate))) / 4) +
                      1e-37 * std::abs(gate * up));
    }
  }
  std::vector<float> out(want.size());
  operation(isa, input.data(), rows, width, out.data());
  expect_near(out, want, bound);
}

TEST(RowOps, SiluGate) {
  sweep([](Isa isa, std::int64_t rows, std::int64_t width) {
    check_gate(
        isa, rows, width, silu_gate, [](double x) { return x / (1 + std::exp(-x)); },
        [](double) { return 0.0; });
  });
}

double gelu_exponent(double x) {
  return 1.5957691216057308 * (x + 0.044715 * x * x * x);
}

TEST(RowOps, GeluGate) {
  sweep([](Isa isa, std::int64_t rows, std::int64_t width) {
    check_gate(
        isa, rows, width, gelu_gate, [](double x) { return x / (1 + std::exp(-gelu_exponent(x))); },
        gelu_exponent);
  });
}

TEST(RowOps, LogSumExpAndTheLargest) {
  sweep([](Isa isa, std::int64_t rows, std::int64_t width) {
    for (const std::int64_t count : {rows * width, 1000 * rows + width}) {
      std::vector<float> x = normal(count, 7);
      for (float& value : x) value *= 8;
      x[x.size() / 3] = -1e30F;
      x[x.size() / 2] = x.back() = 40;  // the largest, twice
      double sum = 0;
      for (const float value : x) sum += std::exp(static_cast<double>(value) - 40);
      EXPECT_TRUE(std::abs(log_sum_exp(isa, x) - 40 - std::log(sum)) <= 1e-6) << count;
      EXPECT_EQ(place_of_largest(isa, x), std::max_element(x.begin(), x.end()) - x.begin()) << count;
    }
  });
}

TEST(RowOps, NotANumberStays) {
  sweep([](Isa isa, std::int64_t rows, std::int64_t width) {
    std::vector<float> input(static_cast<std::size_t>(rows * 2 * width), 1.0F);
    input[0] = std::nanf("");
    std::vector<float> out(static_cast<std::size_t>(rows * width));
    silu_gate(isa, input.data(), rows, width, out.data());
    EXPECT_TRUE(std::isnan(out[0]));
    gelu_gate(isa, input.data(), rows, width, out.data());
    EXPECT_TRUE(std::isnan(out[0]));
  });
}

TEST(RowOps, NumbersThatAreNotFiniteAreFound) {
  sweep([](Isa isa, std::int64_t rows, std::int64_t width) {
    const std::vector<float> good = normal(rows * width, 1), weight = normal(width, 2);
    std::vector<float> out(good.size());
    EXPECT_EQ(rms_norm(isa, good.data(), weight.data(), 1e-5F, rows, width, out.data()), -1);
    EXPECT_TRUE(all_finite(good.data(), rows * width));
    for (const float bad : {NAN, INFINITY, -INFINITY}) {
      std::vector<float> x = good;
      x[static_cast<std::size_t>((rows - 1) * width)] = bad;
      x[static_cast<std::size_t>((rows / 2 + 1) * width - 1)] = bad;
      EXPECT_EQ(rms_norm(isa, x.data(), weight.data(), 1e-5F, rows, width, out.data()), rows / 2);
      EXPECT_FALSE(all_finite(x.data(), rows * width));
    }
  });
  EXPECT_TRUE(all_finite(nullptr, 0));
}

}  // namespace
}  // namespace focusllm
