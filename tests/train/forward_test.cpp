// The training forward against its transcription, for every architecture, in f32 and in double.

#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "context/alone.h"
#include "train/candidate_reference.h"
#include "train/tiny_training.h"

namespace focusllm::test {
namespace {

using train::Supervision;

/// What candidates have in place of the model's own q, k, v and o, read from the flat parameters: layer by
/// layer, q, k, v, o, each A then B, or whole.
std::map<std::string, torch::Tensor> candidate_weights(const gguf::File& file,
                                                       const train::AdapterParameters& p,
                                                       const train::AdapterShape& shape) {
  const auto flat = p.values().to(torch::kCPU, torch::kDouble);
  std::int64_t offset = 0;
  const auto take = [&](std::int64_t rows, std::int64_t cols) {
    const auto part = flat.narrow(0, offset, rows * cols).view({rows, cols});
    offset += rows * cols;
    return part;
  };
  std::map<std::string, torch::Tensor> weights;
  for (int layer = 0; layer < model::Spec::from(file).layers; ++layer) {
    for (const char* projection : {"attn_q", "attn_k", "attn_v", "attn_output"}) {
      const std::string name = fmt::format("blk.{}.{}.weight", layer, projection);
      const BlockMatrix base = file.tensor(name).matrix();
      if (shape.rank == 0) {
        weights[name] = take(base.rows, base.cols);
        continue;
      }
      const auto a = take(shape.rank, base.cols);
      const auto b = take(base.rows, shape.rank);
      weights[name] =
          train::dequantized({base}).to(torch::kDouble) + torch::mm(b, a) * (shape.alpha / shape.rank);
    }
  }
  EXPECT_EQ(offset, flat.numel());
  return weights;
}

void expect_near(const torch::Tensor& got, const torch::Tensor& want, double tolerance) {
  ASSERT_EQ(got.sizes(), want.sizes());
  const double worst = (got.to(torch::kDouble) - want).abs().max().item<double>();
  EXPECT_TRUE(worst <= tolerance) << "worst difference " << worst;
}

void compare(const TrainingModel& tiny, const train::AdapterShape& shape, const train::Sample& sample,
             std::optional<std::int32_t> bos) {
  const CancelToken cancel;
  std::vector<train::Backend> backends{fast_backend(), double_backend()};
  if (const auto gpu = gpu_backend()) backends.push_back(*gpu);
  for (const train::Backend& backend : backends) {
    train::CandidateModel model(tiny.file, backend, shape, cancel);
    randomise(model.parameters());
    const CandidateReference reference(*tiny.file, candidate_weights(*tiny.file, model.parameters(), shape),
                                       bos);
    for (const Supervision supervision : {Supervision::dense, Supervision::paper}) {
      const auto prediction = model.predict(sample, supervision);
      SCOPED_TRACE(testing::Message() << backend.device << " " << backend.dtype << ", "
                                      << (supervision == Supervision::dense ? "dense" : "paper"));
      const auto want = reference.log_probabilities(sample, supervision);
      // The double form's rotary tables are f32.
      const double tolerance = backend.dtype == torch::kDouble ? 2e-5 : 2e-3;
      expect_near(prediction.log_probabilities().to(torch::kCPU), want, tolerance);
    }
  }
}

class Architectures : public testing::TestWithParam<const char*> {};

TEST_P(Architectures, EqualTheTranscription) {
  const TrainingModel tiny(tiny_sizes(GetParam()));
  compare(tiny, {4, 8, 1}, random_sample({}, 97), std::nullopt);
}

TEST_P(Architectures, FullCopiesEqualTheTranscription) {
  const TrainingModel tiny(tiny_sizes(GetParam()));
  compare(tiny, {0, 0, 1}, random_sample({}, 97), std::nullopt);
}

TEST_P(Architectures, WithBosInFront) {
  const TrainingModel tiny(tiny_sizes(GetParam()), 1);
  SampleSizes sizes;
  sizes.gap = 3;
  compare(tiny, {4, 8, 1}, random_sample(sizes, 97), 1);
}

INSTANTIATE_TEST_SUITE_P(All, Architectures, testing::Values("llama", "qwen2", "qwen3", "gemma3", "smollm3"));

struct OddCase {
  const char* name;
  SampleSizes sizes;
};

class OddSizes : public testing::TestWithParam<OddCase> {};

TEST_P(OddSizes, EqualTheTranscription) {
  const TrainingModel tiny(tiny_sizes("llama"), 1);
  compare(tiny, {2, 2, 1}, random_sample(GetParam().sizes, 97), 1);
}

INSTANTIATE_TEST_SUITE_P(All, OddSizes,
                         testing::Values(OddCase{"one_chunk", {{7}, 9, 3, 4, {4, 7}, 0}},
                                         OddCase{"no_chunk", {{}, 9, 3, 4, {5}, 0}},
                                         OddCase{"chunks_of_one", {{1, 1}, 9, 3, 4, {4, 8}, 0}},
                                         OddCase{"tail_one", {{8, 3}, 9, 1, 4, {4, 5, 6}, 0}},
                                         OddCase{"tail_one_one_step", {{8, 3}, 9, 1, 8, {8}, 0}},
                                         OddCase{"tail_longer_than_prompt", {{8, 3}, 9, 50, 4, {4, 6}, 0}},
                                         OddCase{"local_one", {{8, 3}, 1, 5, 0, {0}, 0}},
                                         OddCase{"split_last", {{8, 3}, 9, 4, 8, {8}, 0}},
                                         OddCase{"split_first", {{8, 3}, 5, 4, 0, {0, 1, 2, 3, 4}, 0}},
                                         OddCase{"first_label_late", {{8, 3}, 9, 4, 2, {7}, 0}}),
                         [](const auto& test) { return test.param.name; });

TEST(Forward, ALocalWindowThatBeginsWithBos) {
  const TrainingModel tiny(tiny_sizes("qwen3"), 1);
  SampleSizes sizes;
  sizes.tail = 20;
  auto sample = random_sample(sizes, 97);
  sample.local[0] = 1;
  compare(tiny, {2, 2, 1}, sample, 1);
}

TEST(Forward, ACandidateOfANewAdapterIsAnOrdinaryRow) {
  const TrainingModel tiny(tiny_sizes("llama"));
  const CancelToken cancel;
  train::CandidateModel model(tiny.file, fast_backend(), {4, 8, 1}, cancel);
  const auto sample = random_sample({}, 97);
  const CandidateReference reference(*tiny.file, {}, std::nullopt);
  const auto prediction = model.predict(sample, Supervision::dense);
  expect_near(prediction.log_probabilities(), reference.log_probabilities(sample, Supervision::dense), 2e-3);
}

/// A real model's file, quantised: a local window alone is the plain model as the engine computes it.
TEST(Forward, WithoutChunksIsTheEnginesModel) {
  const auto path = std::filesystem::path(FOCUSLLM_SOURCE_DIR) / "models/SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing: run `make models`";
#ifdef FOCUSLLM_SANITIZE
  GTEST_SKIP() << "takes minutes";
#endif
  const auto file = gguf::File::open(path);
  const CancelToken cancel;
  train::CandidateModel model(file, fast_backend(), {4, 8, 1}, cancel);
  SampleSizes sizes;
  sizes.chunks = {};
  sizes.local = 64;  // enough for the engine to compute products of many rows, in f32
  sizes.labels = {6, 15, 63};
  const auto sample = random_sample(sizes, model.model().spec().vocabulary);
  const auto got = model.predict(sample, Supervision::dense);
  ASSERT_EQ(got.rows.local, sample.local) << "this model puts no BOS in front";

  context::Options options;
  options.kv_type = attention::KvType::f32;
  const auto engine = std::make_shared<model::Model>(file, Arithmetic{ProductType::f32});
  const auto context = alone(options, engine, cancel);
  std::vector<float> hidden;
  const auto keep = [&](std::int64_t, std::span<const float> rows) {
    hidden.insert(hidden.end(), rows.begin(), rows.end());
  };
  context->read(sample.local, keep);
  context->finish(keep);
  auto logits = torch::empty({sizes.local, engine->spec().vocabulary});
  engine->head().apply(hidden.data(), sizes.local, logits.data_ptr<float>(), Use::read);
  const auto want =
      torch::log_softmax(logits.to(torch::kDouble), 1).index_select(0, torch::tensor(sizes.labels));
  expect_near(torch::log_softmax(got.logits.to(torch::kDouble), 1), want, 5e-3);
}

TEST(Forward, ChunksAreEncodedOnceAndLetGo) {
  const TrainingModel tiny(tiny_sizes("llama"));
  const CancelToken cancel;
  train::CandidateModel model(tiny.file, fast_backend(), {4, 8, 1}, cancel);
  auto sample = random_sample({}, 97);
  const auto first = model.predict(sample, Supervision::dense);
  const auto second = model.predict(sample, Supervision::dense);
  EXPECT_EQ(first.memory->chunks[0], second.memory->chunks[0]);
  const std::weak_ptr<const train::FrozenKv> kept = first.memory->chunks[0];
  sample.chunks = {sample.chunks[1]};
  sample.positions = {0};
  const auto third = model.predict(sample, Supervision::dense);
  EXPECT_EQ(third.memory->chunks[0], second.memory->chunks[1]);
  EXPECT_EQ(kept.use_count(), 2) << "only the two predictions should still hold it";
}

TEST(Forward, SamplesThatContradictThemselvesAreRefused) {
  const TrainingModel tiny(tiny_sizes("llama"));
  const CancelToken cancel;
  train::CandidateModel model(tiny.file, fast_backend(), {4, 8, 1}, cancel);
  const auto refused = [&](auto&& spoil) {
    auto sample = random_sample({}, 97);
    spoil(sample);
    EXPECT_THROW(model.predict(sample, Supervision::dense), Error);
  };
  refused([](train::Sample& s) { s.local[2] = 97; });
  refused([](train::Sample& s) { s.local[2] = -1; });
  refused([](train::Sample& s) { s.targets[8] = 97; });
  refused([](train::Sample& s) { s.positions.pop_back(); });
  refused([](train::Sample& s) { s.positions[1] = 0; });
  refused([](train::Sample& s) { s.local_position = 2; });
  refused([](train::Sample& s) { s.tail = 0; });
  refused([](train::Sample& s) { s.split = 11; });
  refused([](train::Sample& s) { s.weights[0] = 1; });
  refused([](train::Sample& s) { s.weights[7] = std::nanf(""); });
  refused([](train::Sample& s) { s.weights[7] = -1; });
  refused([](train::Sample& s) { s.weights.pop_back(); });
  refused([](train::Sample& s) { s.chunks[1] = nullptr; });
  refused([](train::Sample& s) { s.local.clear(); });
}

}  // namespace
}  // namespace focusllm::test
