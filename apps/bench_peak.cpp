#include "bench_peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"

namespace focusllm::cli {
namespace {

constexpr std::int64_t kRows = 512;
constexpr std::int64_t kWidth = 2048;
constexpr std::size_t kReadBytes = std::size_t{256} << 20;  // far more than any cache holds
constexpr std::int64_t kReadParts = 256;
constexpr int kRepetitions = 5;

/// The shortest time of some runs: what the machine can do, not what else ran on it.
double best_seconds(const std::function<void()>& work) {
  work();
  double best = 1e30;
  for (int i = 0; i < kRepetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

double read_bandwidth() {
  AlignedBuffer<std::uint64_t> buffer(kReadBytes / sizeof(std::uint64_t));
  std::memset(buffer.data(), 1, kReadBytes);
  const std::size_t part = buffer.size() / kReadParts;
  std::vector<std::uint64_t> sums(kReadParts);
  const double seconds = best_seconds([&] {
    parallel_for(kReadParts, [&](std::int64_t i) {
      const std::uint64_t* begin = buffer.data() + static_cast<std::size_t>(i) * part;
      sums[static_cast<std::size_t>(i)] = std::accumulate(begin, begin + part, std::uint64_t{0});
    });
  });
  volatile std::uint64_t used = sums.front();  // so that the sums are not optimised away
  static_cast<void>(used);
  return static_cast<double>(kReadBytes) / seconds / 1e9;
}

/// Small numbers without a pattern; their values do not matter for the time, but denormals would.
std::vector<float> numbers(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::uint32_t state = 1;
  for (auto& value : values) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(state >> 8) / static_cast<float>(1U << 24) - 0.5F;
  }
  return values;
}

double product_rate(ProductType type) {
  const std::vector<float> weights = numbers(kWidth * kWidth);
  const std::vector<float> x = numbers(kRows * kWidth);
  std::vector<float> y(x.size());
  try {
    const BlockMatrix matrix{BlockType::f32, reinterpret_cast<const std::byte*>(weights.data()), kWidth,
                             kWidth};
    const Linear linear({matrix}, type);
    if (linear.product_type() != type) return 0;
    const double seconds = best_seconds([&] { linear.apply(x.data(), kRows, y.data()); });
    return 2.0 * static_cast<double>(kRows * kWidth * kWidth) / seconds / 1e9;
  } catch (const Error&) {
    return 0;  // this machine cannot
  }
}

}  // namespace

double Peaks::product(ProductType type) const {
  switch (type) {
    case ProductType::bf16:
      return bf16;
    case ProductType::int8:
      return int8;
    case ProductType::f32:
    case ProductType::automatic:
      break;
  }
  return f32;
}

Peaks measure_peaks() {
  return {read_bandwidth(), product_rate(ProductType::f32), product_rate(ProductType::bf16),
          product_rate(ProductType::int8)};
}

}  // namespace focusllm::cli
