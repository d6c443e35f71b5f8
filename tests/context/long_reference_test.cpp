// The methods over several passes against plain torch, whole matrices of logits at once: what leaves a window
// while rows go through together, and what infllm chooses among many blocks.

#include <gtest/gtest.h>

#include "context/against_torch.h"
#include "context/infllm_reference.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

constexpr std::int64_t kTokens = 700;  // a pass of 512 rows and a rest, behind a page that is let go

/// Pairs [n, n] of queries and keys that see each other, and the positions [n] at which they do.
struct View {
  torch::Tensor visible, queries, keys;
};

/// One softmax over several views of which no pair is in two. Sliding-window layers see their window.
TorchDecoder::Attention views_reference(const TorchDecoder& decoder, const std::vector<View>& views,
                                        const View& causal) {
  return [&decoder, views, causal](int layer, torch::Tensor q, torch::Tensor k, torch::Tensor v) {
    const auto group = q.size(1) / k.size(1);
    const std::int64_t window = decoder.spec().window(layer);
    auto logits = torch::full({q.size(1), q.size(0), q.size(0)}, -INFINITY, torch::kFloat64);
    for (View view : window > 0 ? std::vector{causal} : views) {
      if (window > 0)
        view.visible = view.visible.logical_and(causal.queries.unsqueeze(1) - causal.keys < window);
      const auto queries = decoder.rotate(q, view.queries, layer).transpose(0, 1);
      const auto keys = decoder.rotate(k, view.keys, layer).repeat_interleave(group, 1).permute({1, 2, 0});
      logits =
          torch::where(view.visible, torch::matmul(queries, keys) * decoder.spec().attention_scale, logits);
    }
    const auto values = v.repeat_interleave(group, 1).transpose(0, 1);
    return torch::matmul(torch::softmax(logits, -1), values).transpose(0, 1).contiguous();
  };
}

class SeveralPasses : public testing::TestWithParam<const char*> {
 protected:
  static TinySizes sizes() {
    TinySizes sizes = tiny_sizes(GetParam());
    sizes.context = 2048;
    return sizes;
  }
  /// `steps` of the tokens are steps.
  void expect_views(const context::Options& options, const std::vector<View>& views, std::size_t steps) {
    const View causal{distance_ >= 0, place_, place_};
    const auto context = alone(options, tiny_.model, cancel_);
    expect_near(states_of(*context, tokens_, 300, steps),
                reference_.forward(tokens_, views_reference(reference_, views, causal)), 2e-3);
  }

  TinyModel tiny_{sizes()};
  TorchDecoder reference_{*tiny_.file};
  CancelToken cancel_;
  std::vector<std::int32_t> tokens_ = random_tokens(kTokens, sizes().vocabulary, 11);
  torch::Tensor place_ = torch::arange(kTokens);
  torch::Tensor distance_ = place_.unsqueeze(1) - place_;
};

TEST_P(SeveralPasses, OfStreamingAndLmInfinite) {
  constexpr std::int64_t kInitial = 5, kLocal = 37;
  const auto window = (distance_ >= 0).logical_and(distance_ < kLocal);
  const auto sinks = (distance_ >= kLocal).logical_and(place_ < kInitial);
  const auto cached = place_.clamp_max(kInitial + kLocal - 1);  // streaming: the query's place in the cache
  const auto one = torch::full({kTokens}, kLocal - 1);          // lm-infinite
  auto options = exact_options("streaming");
  options.initial = kInitial;
  options.local = kLocal;
  expect_views(options, {{window, place_, place_}, {sinks, cached, place_}}, 30);
  options.method = "lm-infinite";
  expect_views(options, {{window, place_, place_}, {sinks, one, torch::zeros_like(place_)}}, 30);
}

TEST_P(SeveralPasses, OfDualChunkAttention) {
  auto options = exact_options("dca");
  // Periods that end within a pass and one that is longer than it; a window that is and is not there by
  // default.
  for (const auto& [chunk, local] : {std::pair{120, 0}, std::pair{700, 131}}) {
    options.chunk = chunk;
    options.local = local;
    const std::int64_t period = chunk - (local == 0 ? chunk / 6 : local);
    const auto within = place_ % period;
    const auto periods = torch::div(place_, period, "floor");
    const auto apart = periods.unsqueeze(1) - periods;
    expect_views(options,
                 {{(apart == 0).logical_and(distance_ >= 0), within, within},
                  {apart == 1, (within + period).clamp_max(chunk), within},
                  {apart > 1, torch::full({kTokens}, chunk), within}},
                 30);
  }
}

INSTANTIATE_TEST_SUITE_P(All, SeveralPasses, testing::Values("llama", "gemma3", "smollm3"));

/// infllm over `text` tokens and a question behind them, both of which end blocks of queries of up to `most`.
void expect_infllm(const context::Options& options, std::int64_t text, std::int64_t question,
                   std::int64_t most) {
  constexpr std::int64_t kSteps = 2;
  TinySizes sizes;
  sizes.layers = 2;
  sizes.context = 2048;
  const TinyModel tiny(sizes);
  const TorchDecoder reference(*tiny.file);
  CancelToken cancel;
  const auto tokens = random_tokens(text + question + kSteps, sizes.vocabulary, 12);
  const auto context = alone(options, tiny.model, cancel);
  std::vector<float> hidden;
  const auto sink = [&](std::int64_t, std::span<const float> rows) {
    hidden.insert(hidden.end(), rows.begin(), rows.end());
  };
  context->read(std::span(tokens).first(static_cast<std::size_t>(text)), sink);
  context->begin_question();
  const auto rest = states_of(*context, std::span(tokens).subspan(static_cast<std::size_t>(text)), 9, kSteps);

  std::vector<QueryBlock> blocks;
  for (std::int64_t part = text; part > 0; part -= most)
    blocks.push_back({std::min(part, most), options.top_k});
  blocks.push_back({question - 1, options.top_k});
  blocks.insert(blocks.end(), 1 + kSteps, {1, options.answer_top_k});
  const InfLlmSizes infllm{options.local, options.initial, options.block, options.representatives};
  const auto want = reference.forward(tokens, infllm_reference(reference, infllm, blocks));
  expect_near(hidden, want.slice(0, 0, text), 2e-3);
  expect_near(rest, want.slice(0, text), 2e-3);
}

TEST(InfLlmOverManyBlocks, ChoosesAmongSeveralPagesOfRepresentatives) {
  auto options = exact_options("infllm");
  options.local = 16;
  options.initial = 5;
  options.block = options.representatives = 1;
  options.top_k = 3;
  options.answer_top_k = 6;
  expect_infllm(options, 1121, 9, 16);  // 1024 representatives are a page
}

TEST(InfLlmOverManyBlocks, ReadsInBlocksShorterThanItsWindow) {
  auto options = exact_options("infllm");
  options.local = 530;
  options.initial = 7;
  options.block = 6;
  options.representatives = 2;
  options.top_k = 4;
  options.answer_top_k = 9;
  expect_infllm(options, 1300, 40, 512);
}

}  // namespace
}  // namespace focusllm::test
