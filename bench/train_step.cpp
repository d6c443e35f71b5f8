// Times training steps of a realistic size on random tokens, and says what share of the machine's measured
// peak of products they reach: train_step_bench -m MODEL.gguf
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>

#include <CLI/CLI.hpp>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/threads.h"
#include "focusllm/gguf.h"
#include "model/spec.h"
#include "tensor/peak.h"
#include "train/trainer.h"

namespace {

using focusllm::train::Chunk;
using focusllm::train::Sample;

struct Sizes {
  std::int64_t chunks = 32, chunk = 256, tail = 128, candidates = 32, samples = 1;
};

std::vector<std::int32_t> random_tokens(std::int64_t count, int vocabulary, std::mt19937& random) {
  std::uniform_int_distribution<std::int32_t> uniform(0, vocabulary - 1);
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(count));
  for (auto& token : tokens) token = uniform(random);
  return tokens;
}

/// The chunks stay the same from step to step, as a pool's do; what follows them is new.
Sample make_sample(const Sizes& sizes, const std::vector<std::shared_ptr<const Chunk>>& chunks,
                   int vocabulary, std::mt19937& random) {
  Sample sample;
  sample.kind = Sample::Kind::retrieval;
  sample.chunks = chunks;
  for (std::int64_t i = 0; i < sizes.chunks; ++i) sample.positions.push_back(i);
  sample.local_position = sizes.chunks;
  sample.tail = sizes.tail;
  sample.split = sizes.tail - 1;
  sample.local = random_tokens(sizes.tail + sizes.candidates - 1, vocabulary, random);
  sample.targets = random_tokens(sizes.tail + sizes.candidates - 1, vocabulary, random);
  sample.weights.assign(sample.local.size(), 0);
  for (std::size_t row = static_cast<std::size_t>(sample.split); row < sample.local.size(); ++row)
    sample.weights[row] = 1;
  return sample;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("times training steps");
  std::string path;
  Sizes sizes;
  focusllm::train::TrainerOptions options;
  int steps = 3;
  app.add_option("-m,--model", path, "GGUF model")->required();
  app.add_option("--chunks", sizes.chunks, "chunks of a sample");
  app.add_option("--chunk", sizes.chunk, "tokens of a chunk");
  app.add_option("--tail", sizes.tail, "tokens of the prompt behind each chunk");
  app.add_option("--candidates", sizes.candidates, "candidates of each chunk");
  app.add_option("--samples", sizes.samples, "samples of a step");
  app.add_option("--rank", options.rank, "of the adapters");
  app.add_flag("--bf16", options.bf16, "products in bf16");
  app.add_option("--steps", steps, "timed steps");
  CLI11_PARSE(app, argc, argv);

  const auto spec = focusllm::model::Spec::from(*focusllm::gguf::File::open(path));
  const focusllm::CancelToken cancel;
  focusllm::train::Trainer trainer(path, options, nullptr, cancel);
  std::mt19937 random(1);
  std::vector<std::shared_ptr<const Chunk>> chunks;
  for (std::int64_t i = 0; i < sizes.chunks; ++i) {
    chunks.push_back(std::make_shared<const Chunk>(
        Chunk{static_cast<std::uint64_t>(i), random_tokens(sizes.chunk, spec.vocabulary, random)}));
  }
  const auto samples = [&] {
    std::vector<Sample> some;
    for (std::int64_t i = 0; i < sizes.samples; ++i)
      some.push_back(make_sample(sizes, chunks, spec.vocabulary, random));
    return some;
  };
  auto start = std::chrono::steady_clock::now();
  trainer.step(samples());
  std::printf("first step (packs weights, encodes %ld chunks): %.2f s\n", static_cast<long>(sizes.chunks),
              seconds_since(start));
  start = std::chrono::steady_clock::now();
  const std::clock_t processor = std::clock();
  for (int i = 0; i < steps; ++i) trainer.step(samples());
  const double seconds = seconds_since(start) / steps;
  const double processor_seconds = static_cast<double>(std::clock() - processor) / CLOCKS_PER_SEC / steps;

  // Products alone, forward and backward by the rows' inputs; attention, norms and the adapter come on top.
  const auto parameters = 2e-9 * static_cast<double>(spec.layer_parameters());
  const double rows =
      static_cast<double>(sizes.samples * (sizes.chunks * sizes.candidates + sizes.tail + sizes.candidates));
  const double ordinary = static_cast<double>(sizes.samples * sizes.chunks * (sizes.tail + sizes.candidates));
  using focusllm::ProductType;
  const double peak = focusllm::peak_rate({options.bf16 ? ProductType::bf16 : ProductType::f32});
  const double ordinary_peak = focusllm::peak_rate({options.bf16 ? ProductType::int8 : ProductType::f32});
  const double limit = 2 * rows * parameters / peak + ordinary * parameters / ordinary_peak;
  std::printf(
      "%s, %d threads: %.2f s a step (%.2f s of processors' time); %.0f rows with gradients, %.0f ordinary "
      "rows\n",
      focusllm::cpu_model().c_str(), focusllm::thread_count(), seconds, processor_seconds, rows, ordinary);
  std::printf(
      "products %.0f + %.0f GFLOP, at the measured peaks (%.0f, %.0f GFLOP/s) %.2f s: %.0f %% of the peak\n",
      2 * rows * parameters, ordinary * parameters, peak, ordinary_peak, limit, 100 * limit / seconds);
  std::printf("peak memory %s\n", focusllm::format_bytes(focusllm::peak_memory()).c_str());
  return 0;
} catch (const std::exception& error) {
  return std::fprintf(stderr, "train_step_bench: %s\n", error.what()), 1;
}
