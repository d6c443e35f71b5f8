#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>
#include <omp.h>

#include "attention/partial.h"
#include "base/bf16.h"
#include "base/cpu.h"
#include "tensor/peak.h"

// Attention against the machine's peak, measured just before each benchmark so that both see the same load.
// Counters: gflops (4 * heads * dim for each visible pair of query and key) and what share of the bf16 dot
// product's or f32 multiply-add's peak that is; for decode gbytes and the share of the read bandwidth.
//   build/bin/attention_bench --benchmark_filter=prefill --benchmark_repetitions=5

namespace focusllm::attention {
namespace {

/// Wall-clock seconds; with one thread the thread's own, which other programs on the machine do not lengthen.
double now() {
  timespec time{};
  clock_gettime(omp_get_max_threads() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}
double seconds_since(double start) {
  return now() - start;
}

double read_gbytes() {
  constexpr std::int64_t kPiece = 1 << 16;
  static const std::vector<float> memory(1 << 26, 1.0F);
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const auto start = now();
    float total = 0;
#pragma omp parallel for reduction(+ : total)
    for (std::int64_t first = 0; first < std::ssize(memory); first += kPiece) {
      const float* piece = memory.data() + first;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (std::int64_t j = 0; j < kPiece; ++j) sum += piece[j];
      total += sum;
    }
    benchmark::DoNotOptimize(total);
    best = std::min(best, seconds_since(start));
  }
  return static_cast<double>(memory.size()) * 4 / best / 1e9;
}

/// Keys, values and queries of `problems` equal problems, each over memory of its own.
struct Data {
  Data(HeadShape shape, KvType type, std::int64_t rows, std::int64_t keys, std::int64_t page,
       std::int64_t problems) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, 1);
    const std::int64_t bytes = type == KvType::f32 ? 4 : type == KvType::bf16 ? 2 : 1;
    const auto elements = static_cast<std::size_t>(problems * keys * shape.kv_heads * shape.dim);
    std::vector<std::uint16_t> noise(4096);
    for (auto& x : noise) x = to_bf16(normal(random)).bits;
    memory.resize(2 * elements * static_cast<std::size_t>(bytes) / 2);
    for (std::size_t i = 0; i < memory.size(); ++i)
      memory[i] = type == KvType::f32 && i % 2 == 0 ? 0 : noise[i * 7 % 4093];
    scales.assign(static_cast<std::size_t>(keys * shape.kv_heads), 0.01F);
    queries.resize(static_cast<std::size_t>(rows * shape.heads * shape.dim));
    for (auto& x : queries) x = normal(random);
    for (std::int64_t r = 0; r < rows; ++r) positions.push_back(keys - rows + r);
    out.resize(queries.size() * static_cast<std::size_t>(problems));
    lse.resize(out.size() / static_cast<std::size_t>(shape.dim));
    const char* base = reinterpret_cast<const char*>(memory.data());
    const std::int64_t pages = (keys + page - 1) / page;
    const auto half = static_cast<std::int64_t>(elements) * bytes;
    for (std::int64_t i = 0; i < problems * pages; ++i) {
      const std::int64_t at = (i / pages * keys + i % pages * page) * shape.kv_heads * shape.dim * bytes;
      const std::int64_t count = std::min(page, keys - i % pages * page);
      runs.push_back(
          {base + at, base + half + at, scales.data(), scales.data(), count, count, i % pages * page});
    }
    for (std::int64_t i = 0; i < problems; ++i) {
      const auto first = static_cast<std::size_t>(i * pages);
      set.push_back({.shape = shape,
                     .type = type,
                     .scale = 1 / std::sqrt(static_cast<float>(shape.dim)),
                     .queries = queries.data(),
                     .positions = positions.data(),
                     .rows = rows,
                     .runs = std::span(runs).subspan(first, static_cast<std::size_t>(pages)),
                     .out = out.data() + i * rows * shape.heads * shape.dim,
                     .lse = lse.data() + i * rows * shape.heads});
    }
    pairs = static_cast<double>(problems) * (static_cast<double>(rows) * static_cast<double>(keys - rows) +
                                             static_cast<double>(rows) * static_cast<double>(rows + 1) / 2);
    flops = 4 * pairs * shape.heads * shape.dim;
    read_bytes = static_cast<double>(2 * half);
  }
  std::vector<std::uint16_t> memory;
  std::vector<float> scales, queries, out, lse;
  std::vector<std::int64_t> positions;
  std::vector<KvRun> runs;
  std::vector<Problem> set;
  double pairs, flops, read_bytes;
};

KvType type_of(std::int64_t i) {
  return static_cast<KvType>(i);
}

/// Runs body and reports the best of the iterations: others may be using the machine.
template <typename Body>
double best_seconds(benchmark::State& state, Body body) {
  double best = 1e9;
  for (auto _ : state) {
    const auto start = now();
    body();
    const double seconds = seconds_since(start);
    state.SetIterationTime(seconds);
    best = std::min(best, seconds);
  }
  return best;
}

void report(benchmark::State& state, const Data& data, double flops, double seconds) {
  const KvType type = data.set[0].type;
  const bool bf16 = uses_bf16(type, data.set[0].isa);
  state.counters["gflops"] = flops / seconds / 1e9;
  const double peak = peak_rate({bf16 ? ProductType::bf16 : ProductType::f32});
  state.counters["peak"] = peak;
  state.counters["percent"] = 100 * flops / seconds / 1e9 / peak;
  state.SetLabel(std::string(kernel_name(type, data.set[0].isa)));
}

// Arguments: heads, kv_heads, dim, type, rows, keys, problems.
Data make(const benchmark::State& state) {
  return Data(
      {static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), static_cast<int>(state.range(2))},
      type_of(state.range(3)), state.range(4), state.range(5), 256, state.range(6));
}

void prefill(benchmark::State& state) {
  Data data = make(state);
  const double seconds = best_seconds(state, [&] { partial(data.set); });
  report(state, data, data.flops, seconds);
}
BENCHMARK(prefill)
    ->UseManualTime()
    ->Args({9, 3, 64, 1, 512, 4096, 1})
    ->Args({9, 3, 64, 1, 2048, 2048, 1})
    ->Args({4, 1, 256, 1, 512, 4096, 1})
    ->Args({32, 8, 128, 1, 256, 2048, 1})
    ->Args({9, 3, 64, 2, 512, 4096, 1})
    ->Args({9, 3, 64, 0, 512, 4096, 1})
    ->Args({9, 3, 64, 1, 256, 256, 16});

void columns(benchmark::State& state) {
  Data data = make(state);
  partial(data.set);
  std::vector<float> sums(static_cast<std::size_t>(state.range(0) * state.range(5)));
  const double whole =
      best_seconds(state, [&] { column_sums(data.set[0], data.lse.data(), sums.data(), state.range(5)); });
  double attention = 1e9;
  for (int i = 0; i < 10; ++i) {
    const auto start = now();
    partial(data.set);
    attention = std::min(attention, seconds_since(start));
  }
  report(state, data, data.flops / 2, whole);
  state.counters["of_partial"] = whole / attention;
}
BENCHMARK(columns)->UseManualTime()->Args({9, 3, 64, 1, 512, 2560, 1})->Args({4, 1, 256, 1, 512, 2560, 1});

void decode(benchmark::State& state) {
  Data data = make(state);
  for (Problem& problem : data.set) problem.use = Use::answer;
  const double seconds = best_seconds(state, [&] { partial(data.set); });
  const double bandwidth = read_gbytes();
  state.counters["us"] = seconds * 1e6;
  state.counters["gbytes"] = data.read_bytes / seconds / 1e9;
  state.counters["percent"] = 100 * data.read_bytes / seconds / 1e9 / bandwidth;
  state.counters["gflops"] = data.flops / seconds / 1e9;
  state.SetLabel(std::string(kernel_name(data.set[0].type, data.set[0].isa)));
}
BENCHMARK(decode)
    ->UseManualTime()
    ->Args({9, 3, 64, 1, 1, 512, 1})
    ->Args({9, 3, 64, 1, 1, 200000, 1})
    ->Args({9, 3, 64, 2, 1, 200000, 1})
    ->Args({4, 1, 256, 1, 1, 100000, 1})
    ->Args({9, 3, 64, 1, 2, 200000, 1})
    ->Args({9, 3, 64, 1, 4, 200000, 1})
    ->Args({9, 3, 64, 1, 8, 200000, 1})
    ->Args({9, 3, 64, 1, 1, 2500, 200})
    ->Args({9, 3, 64, 1, 2, 2500, 200});

}  // namespace
}  // namespace focusllm::attention

BENCHMARK_MAIN();
