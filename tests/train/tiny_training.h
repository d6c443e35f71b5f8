#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "support/tiny_model.h"
#include "train/candidate_model.h"

namespace focusllm::test {

/// A tiny random model with a tokenizer that puts `bos` in front of texts; without one if bos < 0.
struct TrainingModel {
  explicit TrainingModel(const TinySizes& sizes, int bos = -1);
  std::vector<std::byte> bytes;
  std::shared_ptr<const gguf::File> file;
};

/// Sizes of a random sample.
struct SampleSizes {
  std::vector<std::int64_t> chunks = {9, 12, 5};
  std::int64_t local = 11;
  std::int64_t tail = 4;
  std::int64_t split = 6;
  std::vector<std::int64_t> labels = {6, 8, 9};  ///< rows with weights 1, 1.25, 1.5, ...
  std::int64_t gap = 0;  ///< unused positions between candidates, and before the window
};
train::Sample random_sample(const SampleSizes& sizes, int vocabulary, unsigned seed = 3);

/// Every trained number random, so that candidates differ from ordinary rows and B A has gradients
/// everywhere.
void randomise(train::AdapterParameters& parameters, unsigned seed = 7, double deviation = 0.1);

train::Backend fast_backend();
train::Backend double_backend();
/// Plain torch in f32 on a GPU, if there is one.
std::optional<train::Backend> gpu_backend();

}  // namespace focusllm::test
