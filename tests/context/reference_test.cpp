// The methods against plain-torch transcriptions, on random models of every architecture.

#include <gtest/gtest.h>

#include "context/context.h"
#include "context/infllm_reference.h"
#include "support/tiny_model.h"
#include "support/torch_decoder.h"

namespace focusllm::test {
namespace {

torch::Tensor visible_causal(std::int64_t n, std::int64_t window) {
  const auto positions = torch::arange(n);
  const auto distance = positions.unsqueeze(1) - positions.unsqueeze(0);
  return window > 0 ? (distance >= 0).logical_and(distance < window) : distance >= 0;
}

TorchDecoder::Attention full_reference(const TorchDecoder& decoder) {
  return [&decoder](int layer, torch::Tensor q, torch::Tensor k, torch::Tensor v) {
    const auto positions = torch::arange(q.size(0));
    return masked_attention(decoder.rotate(q, positions, layer), decoder.rotate(k, positions, layer), v,
                            visible_causal(q.size(0), decoder.spec().window(layer)),
                            decoder.spec().attention_scale);
  };
}

/// StreamingLLM: the window at true distances, sinks behind it as if they stood directly in front of it.
TorchDecoder::Attention streaming_reference(const TorchDecoder& decoder, std::int64_t initial,
                                            std::int64_t local) {
  return [&decoder, initial, local](int layer, torch::Tensor q, torch::Tensor k, torch::Tensor v) {
    const std::int64_t n = q.size(0);
    const std::int64_t window = decoder.spec().window(layer);
    if (window > 0) return full_reference(decoder)(layer, q, k, v);
    auto out = torch::zeros_like(q);
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t begin = std::max<std::int64_t>(0, i - local + 1);
      std::vector<std::int64_t> seen;
      for (std::int64_t j = 0; j < std::min(initial, begin); ++j) seen.push_back(j);
      const auto sinks = static_cast<std::int64_t>(seen.size());
      for (std::int64_t j = begin; j <= i; ++j) seen.push_back(j);
      // Positions in the cache: sinks at 0, 1, ...; the window follows without a gap once the text is longer.
      auto positions = torch::arange(static_cast<std::int64_t>(seen.size()));
      if (sinks < initial) positions = torch::tensor(seen);
      const auto ids = torch::tensor(seen);
      const auto query = decoder.rotate(q.slice(0, i, i + 1), positions.slice(0, -1), layer);
      const auto keys = decoder.rotate(k.index_select(0, ids), positions, layer);
      out[i] =
          masked_attention(query, keys, v.index_select(0, ids), torch::ones({1, ids.size(0)}, torch::kBool),
                           decoder.spec().attention_scale)[0];
    }
    return out;
  };
}

/// Reads tokens in pieces of `piece`, then steps through the last `steps`; hidden states of all tokens.
std::vector<float> run(context::Context& context, std::span<const std::int32_t> tokens, std::size_t piece,
                       std::size_t steps) {
  std::vector<float> all;
  const auto sink = [&](std::int64_t, std::span<const float> hidden) {
    all.insert(all.end(), hidden.begin(), hidden.end());
  };
  const std::size_t prompt = tokens.size() - steps;
  for (std::size_t i = 0; i < prompt; i += piece)
    context.read(tokens.subspan(i, std::min(piece, prompt - i)), sink);
  context.finish(sink);
  for (std::size_t i = prompt; i < tokens.size(); ++i) {
    const auto hidden = context.step(tokens[i]);
    all.insert(all.end(), hidden.begin(), hidden.end());
  }
  return all;
}

void expect_near(const std::vector<float>& got, const torch::Tensor& want, double tolerance) {
  ASSERT_EQ(static_cast<std::int64_t>(got.size()), want.numel());
  const auto flat = want.flatten().contiguous();
  const double* expected = flat.data_ptr<double>();
  double worst = 0;
  std::size_t where = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double difference = std::abs(got[i] - expected[i]);
    if (!(difference <= worst)) {
      worst = difference;
      where = i;
    }
  }
  EXPECT_TRUE(worst <= tolerance) << "at row " << where / static_cast<std::size_t>(want.size(1)) << ": got "
                                  << got[where] << ", expected " << expected[where];
}

context::Options options(const std::string& method) {
  context::Options chosen;
  chosen.method = method;
  chosen.kv_type = attention::KvType::f32;
  return chosen;
}

class Architectures : public testing::TestWithParam<const char*> {
 protected:
  TinySizes sizes() const {
    TinySizes sizes;
    sizes.architecture = GetParam();
    if (sizes.architecture == "gemma3") sizes.layers = 6;  // the sixth sees everything
    return sizes;
  }
  CancelToken cancel_;
};

TEST_P(Architectures, FullEqualsPlainTorch) {
  const TinyModel tiny(sizes());
  const TorchDecoder reference(*tiny.file);
  for (const std::int64_t n : {1, 2, 17, 130}) {
    const auto tokens = random_tokens(n, sizes().vocabulary, 5);
    const auto context = context::make(options("full"), tiny.model, cancel_);
    const std::size_t steps = n > 4 ? 3 : 0;
    expect_near(run(*context, tokens, 11, steps), reference.forward(tokens, full_reference(reference)), 2e-3);
  }
}

TEST_P(Architectures, StreamingEqualsPlainTorch) {
  const TinyModel tiny(sizes());
  const TorchDecoder reference(*tiny.file);
  auto chosen = options("streaming");
  chosen.initial = 3;
  chosen.local = 19;
  for (const std::int64_t n : {5, 19, 20, 61}) {
    const auto tokens = random_tokens(n, sizes().vocabulary, 6);
    const auto context = context::make(chosen, tiny.model, cancel_);
    expect_near(run(*context, tokens, 7, 2), reference.forward(tokens, streaming_reference(reference, 3, 19)),
                2e-3);
  }
}

TEST_P(Architectures, InfLlmEqualsItsTranscription) {
  const TinyModel tiny(sizes());
  const TorchDecoder reference(*tiny.file);
  auto chosen = options("infllm");
  chosen.local = 16;
  chosen.initial = 5;
  chosen.block = 6;
  chosen.top_k = 2;
  chosen.answer_top_k = 4;
  chosen.representatives = 2;
  const std::size_t steps = 3;
  for (const std::int64_t n : {4, 16, 21, 40, 107}) {
    const auto tokens = random_tokens(n, sizes().vocabulary, 7);
    const auto context = context::make(chosen, tiny.model, cancel_);
    const auto hidden = run(*context, tokens, 9, steps);
    std::vector<QueryBlock> blocks;
    std::int64_t prompt = n - static_cast<std::int64_t>(steps);
    for (; prompt > 16; prompt -= 16) blocks.push_back({16, chosen.top_k});
    if (prompt > 1) blocks.push_back({prompt - 1, chosen.top_k});
    blocks.insert(blocks.end(), 1 + steps,
                  {1, chosen.answer_top_k});  // the last token of the prompt alone, then the generated ones
    const InfLlmSizes infllm{16, 5, 6, 2};
    expect_near(hidden, reference.forward(tokens, infllm_reference(reference, infllm, blocks)), 2e-3);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Architectures, testing::Values("llama", "qwen2", "qwen3", "gemma3"));

}  // namespace
}  // namespace focusllm::test
