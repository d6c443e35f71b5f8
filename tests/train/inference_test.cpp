// What dense training computes is what incremental inference computes: the same log-probabilities of every
// label, with the adapter that the trainer writes.

#include <gtest/gtest.h>

#include "context/alone.h"
#include "gguf/writer.h"
#include "model/adapter.h"
#include "train/tiny_training.h"

namespace focusllm::test {
namespace {

/// The adapter file of the parameters, with the numbers that F16 leaves of them also in the parameters
/// themselves.
struct WrittenAdapter {
  WrittenAdapter(const gguf::File& base, train::AdapterParameters& parameters,
                 const train::AdapterShape& shape) {
    const torch::NoGradGuard no_grad;
    parameters.values().copy_(parameters.values().to(torch::kHalf).to(torch::kFloat));
    gguf::Writer writer;
    writer.set("general.type", "adapter");
    writer.set("general.architecture", base.require_string("general.architecture"));
    writer.set("adapter.type", "focusllm");
    writer.set("adapter.lora.alpha", static_cast<float>(shape.alpha));
    writer.set("focusllm.base.hash", model::weights_hash(base));
    parameters.write(writer);
    bytes = writer.bytes();
    file = gguf::File::parse(bytes, "adapter.gguf");
  }
  std::vector<std::byte> bytes;
  std::shared_ptr<const gguf::File> file;
};

/// log p of targets[r] for each row from the split on, by incremental inference.
std::vector<double> infer(std::shared_ptr<const model::Model> model, const train::Sample& sample,
                          std::optional<std::int32_t> bos) {
  context::Options options;
  options.method = "focus";
  options.overlap = -1;  // as samples are
  options.kv_type = attention::KvType::f32;
  options.chunk = std::ssize(sample.chunks.front()->tokens);
  options.local = sample.split + 1;
  options.tail = std::min(sample.tail, sample.split + 1);
  options.bos = bos;
  const CancelToken cancel;
  const auto focus = alone(options, model, cancel);
  for (const auto& chunk : sample.chunks) focus->read(chunk->tokens);
  const std::span<const std::int32_t> local(sample.local);
  focus->read(local.first(static_cast<std::size_t>(sample.split) + 1));
  std::vector<double> scores;
  const auto score = [&](std::span<const float> hidden, std::int64_t row) {
    auto logits = torch::empty({model->spec().vocabulary});
    model->logits(hidden.data(), 1, logits.data_ptr<float>());
    const auto target = sample.targets[static_cast<std::size_t>(row)];
    scores.push_back(torch::log_softmax(logits.to(torch::kDouble), 0)[target].item<double>());
  };
  score(focus->finish(), sample.split);
  for (std::int64_t row = sample.split + 1; row < std::ssize(sample.local); ++row) {
    score(focus->step(local[static_cast<std::size_t>(row)]), row);
  }
  return scores;
}

class TrainingIsInference : public testing::TestWithParam<std::tuple<const char*, int, int>> {};

TEST_P(TrainingIsInference, ForEveryLabel) {
  const auto [architecture, rank, bos] = GetParam();
  const TinySizes sizes = tiny_sizes(architecture);
  const TrainingModel tiny(sizes, bos);
  const train::AdapterShape shape{rank, 8, 1};
  const CancelToken cancel;
  train::CandidateModel training(tiny.file, fast_backend(), shape, cancel);
  randomise(training.parameters());
  const WrittenAdapter adapter(*tiny.file, training.parameters(), shape);
  const auto model = std::make_shared<model::Model>(tiny.file, Arithmetic{ProductType::f32}, adapter.file);
  const std::optional<std::int32_t> token = bos >= 0 ? std::optional(bos) : std::nullopt;

  SampleSizes cases[3];
  cases[0] = {{12, 12, 12, 5}, 17, 4, 6, {6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 0};
  cases[1] = {{20}, 9, 1, 3, {3, 4, 5, 6, 7, 8}, 0};
  cases[2] = {{9, 9}, 8, 20, 0, {0, 1, 2, 3, 4, 5, 6, 7}, 0};
  for (const SampleSizes& sample_sizes : cases) {
    const train::Sample sample = random_sample(sample_sizes, sizes.vocabulary);
    const auto trained =
        training.predict(sample, train::Supervision::dense).log_probabilities().to(torch::kDouble);
    const std::vector<double> inferred = infer(model, sample, token);
    ASSERT_EQ(trained.numel(), std::ssize(inferred));
    for (std::int64_t i = 0; i < trained.numel(); ++i) {
      const double difference = std::abs(trained[i].item<double>() - inferred[static_cast<std::size_t>(i)]);
      EXPECT_TRUE(difference <= 2e-3) << i << " of " << inferred.size() << ": " << difference;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, TrainingIsInference,
                         testing::Combine(testing::Values("llama", "qwen2", "qwen3", "gemma3", "smollm3"),
                                          testing::Values(4, 0), testing::Values(-1, 2)));

}  // namespace
}  // namespace focusllm::test
