#include "train/training_run.h"

#include <fstream>
#include <iterator>
#include <random>

#include <unistd.h>

namespace focusllm::test {

TemporaryFolder::TemporaryFolder() {
  static int number = 0;
  path_ = std::filesystem::temp_directory_path() /
          ("focusllm-train-" + std::to_string(getpid()) + "-" + std::to_string(number++));
  std::filesystem::create_directories(path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path write_model(const TemporaryFolder& folder, unsigned seed) {
  TinySizes sizes;
  sizes.layers = 2;
  const TinyModel tiny(sizes, seed);
  const auto path = folder / ("model" + std::to_string(seed) + ".gguf").c_str();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(tiny.bytes.data()),
             static_cast<std::streamsize>(tiny.bytes.size()));
  return path;
}

train::TrainerOptions tiny_options() {
  train::TrainerOptions options;
  options.rank = 4;
  options.alpha = 8;
  options.learning_rate = 1e-2;
  options.final_learning_rate = 1e-2;
  options.warmup_steps = 0;
  options.steps = 100;
  return options;
}

std::vector<train::Sample> retrieval_samples(int count, unsigned seed) {
  std::vector<train::Sample> samples;
  for (int i = 0; i < count; ++i) {
    SampleSizes sizes;
    sizes.chunks = {8, 6};
    sizes.local = 7;
    sizes.tail = 4;
    sizes.split = 4;
    sizes.labels = {4, 5, 6};
    auto sample = random_sample(sizes, 97, seed + 100 * static_cast<unsigned>(i));
    sample.kind = i % 2 == 0 ? train::Sample::Kind::retrieval : train::Sample::Kind::continuation;
    const auto& fact = sample.chunks[1]->tokens;
    std::copy_n(fact.begin(), 2, sample.local.begin() + 3);
    sample.targets[4] = fact[2];
    sample.local[5] = fact[2];
    sample.targets[5] = fact[3];
    sample.local[6] = fact[3];
    sample.targets[6] = fact[4];
    samples.push_back(std::move(sample));
  }
  return samples;
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace focusllm::test
