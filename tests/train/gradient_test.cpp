// Gradients: of the whole forward against finite differences in double, of the fast form against the plain
// one.

#include <gtest/gtest.h>

#include "base/cpu.h"
#include "train/tiny_training.h"

namespace focusllm::test {
namespace {

using torch::Tensor;
using train::Supervision;

struct Case {
  const char* architecture;
  int rank;
  Supervision supervision;
  int bos;
};

TinySizes sizes_of(const Case& c) {
  TinySizes sizes = tiny_sizes(c.architecture);
  // As few as its kinds of layers need: bf16's rounding grows with their number.
  if (sizes.architecture == "smollm3") {
    sizes.layers = 4;
  } else if (sizes.architecture != "gemma3") {
    sizes.layers = 2;
  }
  sizes.width = 24;
  sizes.feed_forward = 40;
  return sizes;
}

/// Gradient of one sample's loss by all parameters, in double.
Tensor gradient(train::CandidateModel& model, const train::Sample& sample, Supervision supervision) {
  model.parameters().clear_gradient();
  const auto prediction = model.predict(sample, supervision);
  prediction.loss_sum().backward();
  return model.parameters().gradient().to(torch::kDouble);
}

double loss(train::CandidateModel& model, const train::Sample& sample, Supervision supervision) {
  const torch::NoGradGuard no_gradients;
  return model.predict(sample, supervision).loss_sum().item<double>();
}

void expect_close(const Tensor& got, const Tensor& want, double tolerance, const char* what) {
  const double difference = (got - want).norm().item<double>();
  const double size = want.norm().item<double>();
  EXPECT_TRUE(size > 0) << what;
  EXPECT_TRUE(difference <= tolerance * size) << what << ": " << difference << " of " << size;
}

class Gradients : public testing::TestWithParam<Case> {
 protected:
  train::AdapterShape shape() const { return {GetParam().rank, 3, 1}; }
};

TEST_P(Gradients, EqualFiniteDifferences) {
  const Case c = GetParam();
  const TrainingModel tiny(sizes_of(c), c.bos);
  const CancelToken cancel;
  train::CandidateModel model(tiny.file, double_backend(), shape(), cancel);
  randomise(model.parameters());
  const auto sample = random_sample({}, 97);
  const Tensor got = gradient(model, sample, c.supervision);
  // Along random directions over all parameters, and single ones.
  const torch::NoGradGuard no_gradients;
  Tensor& values = model.parameters().values();
  const Tensor largest = std::get<1>(got.abs().topk(3));
#ifdef FOCUSLLM_SANITIZE
  constexpr int kDirections = 1;
#else
  constexpr int kDirections = 6;
#endif
  for (int i = 0; i < kDirections; ++i) {
    Tensor direction = torch::zeros_like(values);
    if (i < 3) {
      direction = torch::randn_like(values) / std::sqrt(static_cast<double>(values.numel()));
    } else {
      direction[largest[i - 3].item<std::int64_t>()] = 1;
    }
    const double h = 1e-4;
    values.add_(direction, h);
    const double above = loss(model, sample, c.supervision);
    values.add_(direction, -2 * h);
    const double below = loss(model, sample, c.supervision);
    values.add_(direction, h);
    const double want = (above - below) / (2 * h);
    const double along = got.dot(direction).item<double>();
    EXPECT_TRUE(std::abs(along - want) <= 1e-5 * std::max(1e-2, std::abs(want))) << along << " for " << want;
  }
}

TEST_P(Gradients, OfTheFastFormEqualThoseInDouble) {
  const Case c = GetParam();
  const TrainingModel tiny(sizes_of(c), c.bos);
  const CancelToken cancel;
  const auto sample = random_sample({}, 97);
  train::CandidateModel plain(tiny.file, double_backend(), shape(), cancel);
  randomise(plain.parameters());
  const Tensor want = gradient(plain, sample, c.supervision);
  for (const auto kv_type : {attention::KvType::f32, attention::KvType::bf16}) {
    auto backend = fast_backend();
    backend.kv_type = kv_type;
    train::CandidateModel fast(tiny.file, backend, shape(), cancel);
    randomise(fast.parameters());
    const bool exact = kv_type == attention::KvType::f32;
    expect_close(gradient(fast, sample, c.supervision), want, exact ? 1e-4 : 5e-2,
                 exact ? "f32" : "bf16 keys");
  }
}

TEST_P(Gradients, InBf16AreNearThoseInDouble) {
  const Case c = GetParam();
  const TrainingModel tiny(sizes_of(c), c.bos);
  const CancelToken cancel;
  const auto sample = random_sample({}, 97);
  train::CandidateModel plain(tiny.file, double_backend(), shape(), cancel);
  randomise(plain.parameters());
  const Tensor want = gradient(plain, sample, c.supervision);
  for (const bool fast : {true, false}) {
    train::Backend backend;
    backend.fast = fast;
    backend.product = ProductType::bf16;
    if (fast && supported_isas().back() < Isa::avx512) continue;  // oneDNN has no bf16 products there
    train::CandidateModel model(tiny.file, backend, shape(), cancel);
    randomise(model.parameters());
    expect_close(gradient(model, sample, c.supervision), want, 0.1, fast ? "fast" : "plain");
  }
}

TEST_P(Gradients, TheLastLayersQueriesAndOutputsGetNone) {
  const Case c = GetParam();
  const TrainingModel tiny(sizes_of(c), c.bos);
  const CancelToken cancel;
  train::CandidateModel model(tiny.file, fast_backend(), shape(), cancel);
  randomise(model.parameters());
  gradient(model, random_sample({}, 97), c.supervision);
  const int last = model.model().spec().layers - 1;
  for (int layer = 0; layer <= last; ++layer) {
    for (int projection = 0; projection < 4; ++projection) {
      const bool none = layer == last && (projection == 0 || projection == 3);
      for (const Tensor& one : model.parameters().gradients(layer, projection)) {
        const double size = one.defined() ? one.abs().max().item<double>() : 0;
        EXPECT_TRUE(none ? size == 0 : size > 0) << "layer " << layer << ", projection " << projection;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Gradients,
    testing::Values(Case{"llama", 2, Supervision::dense, 1}, Case{"llama", 2, Supervision::paper, 1},
                    Case{"llama", 0, Supervision::dense, -1}, Case{"qwen2", 2, Supervision::dense, -1},
                    Case{"qwen3", 0, Supervision::paper, -1}, Case{"gemma3", 2, Supervision::dense, 1},
                    Case{"smollm3", 2, Supervision::dense, 1}),
    [](const auto& test) {
      const Case& c = test.param;
      return std::string(c.architecture) + (c.rank > 0 ? "_low_rank" : "_full") +
             (c.supervision == Supervision::dense ? "_dense" : "_paper");
    });

TEST(Gradient, NoneReachesAFrozenWeight) {
  const TrainingModel tiny(sizes_of({"gemma3", 2, Supervision::dense, -1}));
  const CancelToken cancel;
  for (const auto& backend : {fast_backend(), double_backend()}) {
    train::CandidateModel model(tiny.file, backend, {2, 2, 1}, cancel);
    randomise(model.parameters());
    const auto sample = random_sample({}, 97);
    const auto prediction = model.predict(sample, Supervision::dense);
    prediction.loss_sum().backward();
    for (const auto& kv : prediction.memory->tails) EXPECT_FALSE(kv.data.requires_grad());
    for (int i = 0; i < model.model().spec().layers; ++i) {
      const train::FrozenLayer& layer = model.model().layer(i);
      for (const Tensor& weight : {layer.attention_norm, layer.feed_forward_norm, layer.query_norm,
                                   layer.key_norm, layer.post_attention_norm, layer.post_feed_forward_norm}) {
        EXPECT_FALSE(weight.requires_grad());
        EXPECT_FALSE(weight.grad().defined());
      }
    }
  }
}

TEST(Gradient, WithoutChunksThereIsNone) {
  const TrainingModel tiny(sizes_of({"llama", 2, Supervision::dense, -1}));
  const CancelToken cancel;
  train::CandidateModel model(tiny.file, fast_backend(), {2, 2, 1}, cancel);
  SampleSizes sizes;
  sizes.chunks = {};
  const auto prediction = model.predict(random_sample(sizes, 97), Supervision::dense);
  EXPECT_FALSE(prediction.loss_sum().requires_grad());
}

}  // namespace
}  // namespace focusllm::test
