// FocusLLM against its plain-torch transcription, with random adapters, on random models of every
// architecture.

#include "context/focus_reference.h"

#include <gtest/gtest.h>

#include "context/alone.h"
#include "context/method.h"
#include "support/tiny_adapter.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

constexpr std::int64_t kGenerated = 8;

struct Case {
  std::int64_t tokens, chunk, local, tail, overlap = 0;
};
// Whole chunks and a short last one, one chunk, none, a tail of one token, a local window of one token;
// chunks that overlap: a short last one of them, all whole, all but one token.
constexpr Case kCases[] = {{60, 12, 24, 12},    {71, 12, 24, 9},     {30, 40, 8, 8},
                           {20, 12, 24, 12},    {53, 7, 10, 1},      {25, 6, 1, 1},
                           {61, 12, 24, 12, 3}, {56, 12, 20, 12, 4}, {18, 4, 6, 4, 3}};

class FocusReference : public testing::TestWithParam<std::tuple<const char*, int, bool, bool>> {
 protected:
  std::string architecture() const { return std::get<0>(GetParam()); }
  int rank() const { return std::get<1>(GetParam()); }
  bool exact() const { return std::get<2>(GetParam()); }
  bool bos() const { return std::get<3>(GetParam()); }
  TinySizes sizes() const { return tiny_sizes(architecture()); }
};

std::vector<float> hidden_states(context::Alone& context, std::span<const std::int32_t> prompt,
                                 std::span<const std::int32_t> generated) {
  context.read(prompt.first(prompt.size() / 2));
  context.read(prompt.subspan(prompt.size() / 2));
  std::vector<float> all;
  const auto add = [&](std::span<const float> hidden) {
    all.insert(all.end(), hidden.begin(), hidden.end());
  };
  add(context.finish());
  for (const auto token : generated) add(context.step(token));
  return all;
}

TEST_P(FocusReference, EqualsTheTranscription) {
  const TinyModel tiny(sizes());
  const TinyAdapter adapter(tiny, rank(), 11);
  TorchDecoder reference(*tiny.file);
  reference.use_adapter(*adapter.file);
  CancelToken cancel;
  for (const Case& sample : kCases) {
    const auto tokens = random_tokens(sample.tokens + kGenerated, sizes().vocabulary, 5);
    const auto prompt = std::span(tokens).first(static_cast<std::size_t>(sample.tokens));
    const auto generated = std::span(tokens).last(kGenerated);
    context::Options options;
    options.method = "focus";
    options.kv_type = attention::KvType::f32;
    options.chunk = sample.chunk;
    options.local = sample.local;
    options.tail = sample.tail;
    options.overlap = sample.overlap == 0 ? -1 : sample.overlap;
    options.exact = exact();
    if (bos()) options.bos = 1;
    const auto context = alone(options, with_adapter(tiny, adapter), cancel);
    const auto got = hidden_states(*context, prompt, generated);
    FocusSizes focus{sample.chunk, sample.local, sample.tail, sample.overlap, options.bos};
    const auto want = focus_reference(reference, prompt, generated, focus, exact()).flatten().contiguous();
    ASSERT_EQ(static_cast<std::int64_t>(got.size()), want.numel());
    double worst = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double difference = std::abs(got[i] - want.data_ptr<double>()[i]);
      if (!(difference <= worst)) worst = difference;
    }
    EXPECT_TRUE(worst <= 2e-3) << worst << " with " << sample.tokens << " tokens, chunks of " << sample.chunk;
  }
}

#ifdef FOCUSLLM_SANITIZE  // most of the time goes into plain torch
constexpr const char* kArchitectures[] = {"gemma3"};
constexpr const char* kWithWholeMatrices[] = {"llama"};
#else
constexpr const char* kArchitectures[] = {"llama", "qwen2", "qwen3", "gemma3", "smollm3"};
constexpr const char* kWithWholeMatrices[] = {"llama", "gemma3"};
#endif
INSTANTIATE_TEST_SUITE_P(LowRank, FocusReference,
                         testing::Combine(testing::ValuesIn(kArchitectures), testing::Values(5),
                                          testing::Bool(), testing::Bool()));
INSTANTIATE_TEST_SUITE_P(WholeMatrices, FocusReference,
                         testing::Combine(testing::ValuesIn(kWithWholeMatrices), testing::Values(0),
                                          testing::Bool(), testing::Values(false)));

}  // namespace
}  // namespace focusllm::test
