// The trainer: steps, checkpoints, the adapter that it writes, and what it refuses.

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "focusllm/gguf.h"
#include "model/adapter.h"
#include "train/tiny_training.h"
#include "train/training_run.h"

namespace focusllm::test {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using train::Sample;
using train::Supervision;
using train::Trainer;

#ifdef FOCUSLLM_SANITIZE
constexpr int kOverfitSteps = 4;
constexpr double kOverfitGain = 0.02;
#else
constexpr int kOverfitSteps = 40;
constexpr double kOverfitGain = 0.5;
#endif

class TrainerTest : public testing::Test {
 protected:
  Trainer make(const train::TrainerOptions& options) const { return {model_, options, nullptr, cancel_}; }
  static void write(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  TemporaryFolder folder_;
  std::filesystem::path model_ = write_model(folder_);
  CancelToken cancel_;
};

double total(const train::Losses& losses) {
  double sum = 0, labels = 0;
  for (const auto& [kind, loss] : losses) {
    sum += loss.sum;
    labels += loss.labels;
  }
  return sum / labels;
}

TEST_F(TrainerTest, AGpuTrainsAsTheCpuDoes) {
  if (!gpu_backend()) GTEST_SKIP() << "no GPU";
  const auto samples = retrieval_samples(3, 11);
  for (const bool bf16 : {false, true}) {
    auto options = tiny_options();
    Trainer cpu = make(options);
    options.device = "cuda";
    options.bf16 = bf16;
    Trainer gpu = make(options);
    for (int i = 0; i < 5; ++i) {
      const auto want = cpu.step(samples), got = gpu.step(samples);
      EXPECT_NEAR(total(got.losses), total(want.losses), (bf16 ? 0.02 : 1e-3) * total(want.losses));
      EXPECT_NEAR(got.gradient_norm, want.gradient_norm, (bf16 ? 0.1 : 1e-2) * want.gradient_norm);
    }
  }
}

TEST_F(TrainerTest, AGpuGoesOnFromACheckpointAsIfItHadNotStopped) {
  if (!gpu_backend()) GTEST_SKIP() << "no GPU";
  auto options = tiny_options();
  options.device = "cuda";
  const auto samples = retrieval_samples(3, 11);
  Trainer whole = make(options);
  for (int i = 0; i < 2; ++i) whole.step(samples);
  whole.save(folder_ / "checkpoint");
  Trainer resumed = make(options);
  resumed.resume(folder_ / "checkpoint");
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(total(resumed.step(samples).losses), total(whole.step(samples).losses));
}

TEST_F(TrainerTest, OverfitsSamplesWhoseAnswersStandInChunks) {
  for (const Supervision supervision : {Supervision::dense, Supervision::paper}) {
    for (const int rank : {4, 0}) {
      auto options = tiny_options();
      options.supervision = supervision;
      options.rank = rank;
      Trainer trainer = make(options);
      const auto samples = retrieval_samples(2, 11);
      const double before = total(trainer.evaluate(samples));
      double last = 0;
      for (int i = 0; i < kOverfitSteps; ++i) last = total(trainer.step(samples).losses);
      EXPECT_TRUE(last < before - kOverfitGain) << before << " to " << last << ", rank " << rank;
      EXPECT_EQ(trainer.steps_done(), kOverfitSteps);
    }
  }
}

TEST_F(TrainerTest, ReportsTheLossesOfEachKind) {
  Trainer trainer = make(tiny_options());
  const auto samples = retrieval_samples(3, 5);
  const auto evaluated = trainer.evaluate(samples);
  const auto result = trainer.step(samples);
  ASSERT_EQ(result.losses.size(), 2U);
  EXPECT_DOUBLE_EQ(result.losses.at(Sample::Kind::retrieval).labels, 2 * 3.75);
  EXPECT_DOUBLE_EQ(result.losses.at(Sample::Kind::continuation).labels, 3.75);
  for (const auto& [kind, loss] : evaluated) EXPECT_DOUBLE_EQ(result.losses.at(kind).sum, loss.sum);
  EXPECT_TRUE(result.gradient_norm > 0);
  EXPECT_DOUBLE_EQ(result.learning_rate, 1e-2);
}

TEST_F(TrainerTest, ResumedIsAsIfItHadNotStopped) {
  const auto samples = retrieval_samples(4, 3);
  const auto step = [&](Trainer& trainer, int i) {
    return trainer.step(std::span(samples).subspan(static_cast<std::size_t>(i) % 2 * 2, 2));
  };
  Trainer whole = make(tiny_options());
  std::vector<double> losses;
  for (int i = 0; i < 8; ++i) {
    if (i == 4) whole.save(folder_ / "checkpoint");
    losses.push_back(total(step(whole, i).losses));
  }
  Trainer resumed = make(tiny_options());
  resumed.resume(folder_ / "checkpoint");
  EXPECT_EQ(resumed.steps_done(), 4);
  for (int i = 4; i < 8; ++i) EXPECT_EQ(total(step(resumed, i).losses), losses[static_cast<std::size_t>(i)]);
  whole.save(folder_ / "one");
  resumed.save(folder_ / "other");
  EXPECT_EQ(contents(folder_ / "one"), contents(folder_ / "other"));
}

TEST_F(TrainerTest, BeginsFromAnAdapter) {
  for (const int rank : {4, 0}) {
    auto options = tiny_options();
    options.rank = rank;
    Trainer first = make(options);
    const auto samples = retrieval_samples(2, 11);
    for (int i = 0; i < 4; ++i) first.step(samples);
    first.write_adapter(folder_ / "adapter", {});
    Trainer second = make(options);
    const double before = total(second.evaluate(samples));
    second.begin_from(folder_ / "adapter");
    EXPECT_EQ(second.steps_done(), 0);
    const double there = total(first.evaluate(samples)), here = total(second.evaluate(samples));
    EXPECT_NEAR(here, there, 1e-3);  // an adapter's numbers are F16
    EXPECT_GT(std::abs(before - there), 1e-2);
  }
}

TEST_F(TrainerTest, BeginsOnlyFromAnAdapterOfItsKind) {
  auto options = tiny_options();
  make(options).write_adapter(folder_ / "adapter", {});
  const auto begin = [&](auto&& change) {
    auto other = tiny_options();
    change(other);
    return [this, other] { make(other).begin_from(folder_ / "adapter"); };
  };
  EXPECT_THAT(begin([](auto& o) { o.rank = 2; }), ThrowsMessage<Error>(HasSubstr("give the rank")));
  EXPECT_THAT(begin([](auto& o) { o.alpha = 3; }), ThrowsMessage<Error>(HasSubstr("this run has 3")));
  EXPECT_THAT(begin([](auto& o) { o.rank = 0; }), ThrowsMessage<Error>(HasSubstr("no tensor")));
  Trainer other(write_model(folder_, 2), tiny_options(), nullptr, cancel_);
  EXPECT_THROW(other.begin_from(folder_ / "adapter"), Error);
  EXPECT_THROW(make(options).begin_from(model_), Error);
}

TEST_F(TrainerTest, RefusesBrokenCheckpoints) {
  Trainer trainer = make(tiny_options());
  trainer.step(retrieval_samples(1, 3));
  trainer.save(folder_ / "good");
  const std::string good = contents(folder_ / "good");
  const auto refused = [&](std::string_view bytes) {
    write(folder_ / "broken", bytes);
    Trainer other = make(tiny_options());
    EXPECT_THROW(other.resume(folder_ / "broken"), Error);
    EXPECT_EQ(other.steps_done(), 0);
  };
  refused("");
  for (const std::size_t size : {std::size_t{3}, std::size_t{100}, good.size() / 2, good.size() - 1}) {
    refused(std::string_view(good).substr(0, size));
  }
  for (const std::size_t at : {good.size() - 100, good.size() / 2}) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    refused(damaged);
  }
  refused(contents(model_));
  EXPECT_THROW(trainer.resume(folder_ / "none"), Error);
  trainer.resume(folder_ / "good");
}

TEST_F(TrainerTest, RefusesACheckpointOfAnotherRun) {
  make(tiny_options()).save(folder_ / "checkpoint");
  const auto resume = [&](auto&& change) {
    auto options = tiny_options();
    change(options);
    return [this, options] { make(options).resume(folder_ / "checkpoint"); };
  };
  EXPECT_THAT(resume([](auto& o) { o.rank = 2; }), ThrowsMessage<Error>(HasSubstr("rank 4, this run has 2")));
  EXPECT_THAT(resume([](auto& o) { o.learning_rate = 0.5; }),
              ThrowsMessage<Error>(HasSubstr("learning_rate 0.01")));
  EXPECT_THAT(resume([](auto& o) { o.supervision = Supervision::paper; }),
              ThrowsMessage<Error>(HasSubstr("supervision dense, this run has paper")));
  EXPECT_THAT(resume([](auto& o) { o.samples = "others"; }), ThrowsMessage<Error>(HasSubstr("samples")));
  Trainer other(write_model(folder_, 2), tiny_options(), nullptr, cancel_);
  EXPECT_THAT([&] { other.resume(folder_ / "checkpoint"); }, ThrowsMessage<Error>(HasSubstr("base_hash")));
}

TEST_F(TrainerTest, ACheckpointThatCannotBeWrittenLeavesWhatIsThere) {
  Trainer trainer = make(tiny_options());
  EXPECT_THROW(trainer.save(folder_ / "no/such/folder"), Error);
  std::filesystem::create_directories(folder_ / "taken/folder");
  EXPECT_THROW(trainer.save(folder_ / "taken"), Error);
  EXPECT_TRUE(std::filesystem::is_directory(folder_ / "taken/folder"));
}

TEST_F(TrainerTest, ALossThatIsNotANumberChangesNothing) {
  auto options = tiny_options();
  options.learning_rate = 1e30;
  options.final_learning_rate = 1e30;
  Trainer trainer = make(options);
  const auto samples = retrieval_samples(2, 3);
  trainer.step(samples);
  trainer.save(folder_ / "before");
  EXPECT_THAT([&] { trainer.step(samples); }, ThrowsMessage<Error>(HasSubstr("step 2")));
  EXPECT_EQ(trainer.steps_done(), 1);
  trainer.save(folder_ / "after");
  EXPECT_EQ(contents(folder_ / "before"), contents(folder_ / "after"));
}

TEST_F(TrainerTest, StopsWhenCancelledAndGoesOn) {
  Trainer trainer = make(tiny_options());
  const auto samples = retrieval_samples(2, 3);
  cancel_.cancel();
  EXPECT_THROW(trainer.step(samples), Cancelled);
  cancel_.reset();
  EXPECT_EQ(trainer.steps_done(), 0);
  Trainer fresh = make(tiny_options());
  EXPECT_EQ(total(trainer.step(samples).losses), total(fresh.step(samples).losses));
  trainer.save(folder_ / "one");
  fresh.save(folder_ / "other");
  EXPECT_EQ(contents(folder_ / "one"), contents(folder_ / "other"));
}

TEST_F(TrainerTest, RefusesSamplesWithoutLabels) {
  Trainer trainer = make(tiny_options());
  auto samples = retrieval_samples(1, 3);
  samples[0].weights.assign(samples[0].weights.size(), 0);
  EXPECT_THAT([&] { trainer.step(samples); }, ThrowsMessage<Error>(HasSubstr("no labels")));
  EXPECT_THROW(trainer.step({}), Error);
  EXPECT_TRUE(trainer.evaluate(samples).empty());
}

TEST_F(TrainerTest, SamplesWithoutChunksTrainNothing) {
  Trainer trainer = make(tiny_options());
  auto samples = retrieval_samples(1, 3);
  samples[0].chunks.clear();
  samples[0].positions.clear();
  const auto result = trainer.step(samples);
  EXPECT_EQ(result.gradient_norm, 0);
  EXPECT_TRUE(total(result.losses) > 0);
}

TEST_F(TrainerTest, ClippingBoundsTheStepNotTheReport) {
  auto options = tiny_options();
  options.clip = 1e-12;  // below AdamW's epsilon, so that hardly anything moves
  Trainer clipped = make(options);
  const auto samples = retrieval_samples(1, 3);
  const auto first = clipped.step(samples);
  EXPECT_TRUE(first.gradient_norm > 1e-3);
  EXPECT_NEAR(total(clipped.evaluate(samples)), total(first.losses), 1e-4);
  options.clip = 0;
  Trainer free = make(options);
  free.step(samples);
  EXPECT_TRUE(std::abs(total(free.evaluate(samples)) - total(first.losses)) > 1e-3);
}

TEST_F(TrainerTest, AModelThatChangedMeanwhileEndsTheTraining) {
  Trainer trainer = make(tiny_options());
  trainer.step(retrieval_samples(1, 3));
  std::filesystem::last_write_time(model_, std::filesystem::file_time_type::clock::now());
  EXPECT_THROW(trainer.step(retrieval_samples(1, 3)), Error);
  EXPECT_EQ(trainer.steps_done(), 1);
}

TEST_F(TrainerTest, WritesTheAdapterOfItsDocumentation) {
  for (const int rank : {4, 0}) {
    auto options = tiny_options();
    options.rank = rank;
    Trainer trainer = make(options);
    for (int i = 0; i < 2; ++i) trainer.step(retrieval_samples(1, 3));
    trainer.write_adapter(folder_ / "adapter.gguf", {{"focusllm.train.data", "made up"}});
    trainer.save(folder_ / "checkpoint");
    const auto file = gguf::File::open(folder_ / "adapter.gguf");
    const auto base = gguf::File::open(model_);
    EXPECT_EQ(file->require_string("general.type"), "adapter");
    EXPECT_EQ(file->require_string("general.architecture"), "llama");
    EXPECT_EQ(file->require_string("adapter.type"), "focusllm");
    EXPECT_EQ(file->require_string("focusllm.base.hash"), model::weights_hash(*base));
    EXPECT_EQ(file->require_string("focusllm.train.data"), "made up");
    EXPECT_EQ(file->require_string("focusllm.train.steps"), "2");
    EXPECT_EQ(file->number("adapter.lora.alpha").has_value(), rank > 0);
    // The checkpoint's parameters, one after the other.
    const auto checkpoint = gguf::File::open(folder_ / "checkpoint");
    const gguf::Tensor& parameters = checkpoint->tensor("parameters");
    const auto* values = reinterpret_cast<const float*>(parameters.data.data());
    std::int64_t at = 0;
    for (const auto& tensor : file->tensors()) {
      std::vector<float> stored(static_cast<std::size_t>(tensor.elements()));
      dequantize(tensor.type, tensor.data.data(), tensor.elements(), stored.data());
      for (const float value : stored) {
        const float want = values[at++];
        ASSERT_TRUE(std::abs(value - want) <= 1e-3F * std::abs(want) + 1e-7F) << tensor.name;
      }
    }
    EXPECT_EQ(at, parameters.elements());
    EXPECT_EQ(file->tensors().size(), rank > 0 ? 16U : 8U);
    const char* name = rank > 0 ? "blk.1.attn_k.weight.lora_b" : "blk.1.attn_k.weight";
    const std::vector<std::int64_t> dims =
        rank > 0 ? std::vector<std::int64_t>{4, 32} : std::vector<std::int64_t>{48, 32};
    EXPECT_EQ(file->tensor(name).dims, dims);
  }
}

TEST_F(TrainerTest, RefusesOptionsThatMakeNoSense) {
  const auto refused = [&](auto&& change) {
    auto options = tiny_options();
    change(options);
    EXPECT_THROW(make(options), Error);
  };
  refused([](auto& o) { o.rank = -1; });
  refused([](auto& o) { o.alpha = 0; });
  refused([](auto& o) { o.learning_rate = NAN; });
  refused([](auto& o) { o.learning_rate = 0; });
  refused([](auto& o) { o.steps = 0; });
  refused([](auto& o) { o.beta2 = 1; });
  refused([](auto& o) { o.clip = -1; });
  refused([](auto& o) { o.device = "toaster"; });
  refused([](auto& o) { o.device = "cuda:99"; });
  EXPECT_THROW(Trainer(folder_ / "none.gguf", tiny_options(), nullptr, cancel_), Error);
}

}  // namespace
}  // namespace focusllm::test
