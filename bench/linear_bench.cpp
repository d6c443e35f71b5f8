// Rates of Linear at the shapes of two models: rows that are read against the peak of int8 dot products, and
// rows that answer, by their number, against the bandwidth of the file's bytes. Everything is measured in
// turns in one run, and the best of the turns counts, so that other work on the machine spoils the ratios as
// little as possible. usage: linear_bench [THREADS] [TYPE]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <random>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/cpu.h"
#include "base/threads.h"
#include "tensor/linear.h"
#include "tensor/peak.h"
#include "tensor/stack.h"

namespace focusllm {
namespace {

struct Shape {
  const char* name;
  std::int64_t inputs;
  std::int64_t outputs;
  bool hot = false;  ///< each product is made twice, and finds its weights in the caches
};
constexpr Shape kShapes[] = {
    {"135M q|k|v", 576, 960}, {"135M o", 576, 576},          {"135M gate|up", 576, 3072},
    {"135M down", 1536, 576}, {"in cache", 1536, 256, true}, {"1.5B q|k|v", 1536, 2048},
    {"1.5B o", 1536, 1536},   {"1.5B gate|up", 1536, 17920}, {"1.5B down", 8960, 1536}};
constexpr std::int64_t kReadRows[] = {16, 64, 512, 1024};
constexpr std::int64_t kAnswerRows[] = {1, 2, 4, 8, 16};
constexpr int kTurns = 15;

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

BlockType type_named(std::string_view name) {
  for (std::uint32_t type = 0; type < 40; ++type) {
    const auto traits = block_traits(type);
    if (traits && traits->name == name) return static_cast<BlockType>(type);
  }
  fmt::print(stderr, "linear_bench: no block type '{}'\n", name);
  std::exit(2);
}

/// Random blocks whose scales are 1, so that nothing overflows.
std::vector<std::byte> random_blocks(BlockType type, const Shape& shape) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(
      shape.outputs * row_bytes(BlockMatrix{type, nullptr, shape.outputs, shape.inputs})));
  std::mt19937 random(1);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0x3f);
  return bytes;
}

struct Case {
  Use use;
  std::int64_t rows;
  double best = 1e9;
};

void measure(const Shape& shape, BlockType type) {
  if (shape.inputs % block_traits(type).elements != 0) return;
  const std::vector<std::byte> bytes = random_blocks(type, shape);
  const Linear linear({BlockMatrix{type, bytes.data(), shape.outputs, shape.inputs}});
  std::vector<float> x(static_cast<std::size_t>(1024 * shape.inputs));
  std::vector<float> y(static_cast<std::size_t>(1024 * shape.outputs));
  std::mt19937 random(7);
  std::normal_distribution<float> distribution;
  for (float& value : x) value = distribution(random);
  std::vector<Case> cases;
  for (const std::int64_t rows : kReadRows) cases.push_back({Use::read, rows});
  for (const std::int64_t rows : kAnswerRows) cases.push_back({Use::answer, rows});
  for (int turn = 0; turn < kTurns; ++turn) {
    for (Case& one : cases) {
      const auto product = [&] { linear.apply(x.data(), one.rows, y.data(), one.use); };
      if (shape.hot) product();
      one.best = std::min(one.best, seconds(product));
    }
  }
  fmt::print("{:<13}", shape.name);
  for (const Case& one : cases) {
    const double operations = 2.0 * static_cast<double>(one.rows * shape.inputs * shape.outputs);
    if (one.use == Use::read) {
      fmt::print(" {:7.0f}", operations / one.best / 1e9);
    } else {
      fmt::print(" {:8.1f}", one.best * 1e6);
    }
  }
  const double one_row = cases[std::size(kReadRows)].best;
  fmt::print(" {:8.1f}\n", static_cast<double>(bytes.size()) / one_row / 1e9);
}

}  // namespace
}  // namespace focusllm

int main(int count, char** arguments) {
  using namespace focusllm;
  set_thread_count(count > 1 ? std::atoi(arguments[1]) : 1);
  const BlockType type = type_named(count > 2 ? arguments[2] : "Q4_1");
  fmt::print("{}, {} threads, kernels for {}, {}; peak int8 {:.0f}, f32 {:.0f} GFLOP/s\n", cpu_model(),
             thread_count(), isa_name(default_isa()), block_traits(type).name, peak_rate({ProductType::int8}),
             peak_rate({ProductType::f32}));
  fmt::print("{:<13}", "");
  for (const std::int64_t rows : kReadRows) fmt::print(" {:>7}", fmt::format("read {}", rows));
  for (const std::int64_t rows : kAnswerRows) fmt::print(" {:>8}", fmt::format("answ {}", rows));
  fmt::print(" {:>8}\n{:<13} {:>31} {:>44} {:>8}\n", "answ 1", "", "GFLOP/s", "microseconds", "GB/s");
  for (const Shape& shape : kShapes) measure(shape, type);
  return 0;
}
