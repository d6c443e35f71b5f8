#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <vector>

#include "base/memory.h"
#include "base/threads.h"
#include "engine/parts.h"
#include "engine/scheduler.h"
#include "focusllm/measure.h"
#include "tensor/peak.h"

namespace focusllm {
namespace {

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

Peaks measure_peaks(const Engine& engine) {
  Peaks peaks;
  // By the threads that run the model: others beside them would make these sleep between two products.
  EngineParts::scheduler(engine).call([&] {
    const auto rate = [&](ProductType type) { return peak_rate({type, model_of(engine).isa()}); };
    peaks = {read_bandwidth(), rate(ProductType::f32), rate(ProductType::bf16), rate(ProductType::int8)};
  });
  return peaks;
}

}  // namespace focusllm
