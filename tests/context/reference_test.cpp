// The methods against plain-torch transcriptions, on random models of every architecture.

#include <functional>
#include <optional>

#include <gtest/gtest.h>

#include "context/against_torch.h"
#include "context/infllm_reference.h"
#include "context/recall/reader.h"
#include "context/recall/score.h"
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

/// Positions at which query i meets key j; none: it does not see it.
using Meeting =
    std::function<std::optional<std::pair<std::int64_t, std::int64_t>>(std::int64_t i, std::int64_t j)>;

/// One pair of query and key at a time, each rotated as it meets the other. Sliding-window layers see their
/// window.
TorchDecoder::Attention pairwise_reference(const TorchDecoder& decoder, double sharpness,
                                           const Meeting& meet) {
  return [&decoder, sharpness, meet](int layer, torch::Tensor q, torch::Tensor k, torch::Tensor v) {
    if (decoder.spec().window(layer) > 0) return full_reference(decoder)(layer, q, k, v);
    auto out = torch::zeros_like(q);
    const auto group = q.size(1) / k.size(1);
    const auto keys = k.repeat_interleave(group, 1), values = v.repeat_interleave(group, 1);
    for (std::int64_t i = 0; i < q.size(0); ++i) {
      std::vector<torch::Tensor> logits, seen;
      for (std::int64_t j = 0; j <= i; ++j) {
        const auto positions = meet(i, j);
        if (!positions) continue;
        const auto query = decoder.rotate(q.slice(0, i, i + 1), torch::tensor({positions->first}), layer)[0];
        const auto key =
            decoder.rotate(keys.slice(0, j, j + 1), torch::tensor({positions->second}), layer)[0];
        logits.push_back((query * key).sum(-1) * decoder.spec().attention_scale * sharpness);
        seen.push_back(values[j]);
      }
      const auto probabilities = torch::softmax(torch::stack(logits), 0).unsqueeze(-1);
      out[i] = (probabilities * torch::stack(seen)).sum(0);
    }
    return out;
  };
}

/// LM-Infinite: the window at true distances, sinks behind it all at the window's length - 1.
TorchDecoder::Attention lm_infinite_reference(const TorchDecoder& decoder, std::int64_t initial,
                                              std::int64_t local) {
  return pairwise_reference(decoder, 1, [=](std::int64_t i, std::int64_t j) {
    std::optional<std::pair<std::int64_t, std::int64_t>> positions;
    if (i - j < local)
      positions = {i, j};
    else if (j < initial)
      positions = {local - 1, 0};
    return positions;
  });
}

/// Dual Chunk Attention: the three rules of methods.md section 3.
TorchDecoder::Attention dual_chunk_reference(const TorchDecoder& decoder, std::int64_t chunk,
                                             std::int64_t local, double sharpness = 1) {
  const std::int64_t period = chunk - local;
  return pairwise_reference(decoder, sharpness, [=](std::int64_t i, std::int64_t j) {
    std::int64_t position = std::min(2 * period - 1, chunk);
    if (i / period == j / period) position = i % period;
    if (i / period == j / period + 1) position = std::min(i % period + period, chunk);
    return std::optional(std::pair{position, j % period});
  });
}

class Architectures : public testing::TestWithParam<const char*> {
 protected:
  TinySizes sizes() const { return tiny_sizes(GetParam()); }
  CancelToken cancel_;
};

TEST_P(Architectures, FullEqualsPlainTorch) {
  const TinyModel tiny(sizes());
  const TorchDecoder reference(*tiny.file);
  for (const std::int64_t n : {1, 2, 17, 130}) {
    const auto tokens = random_tokens(n, sizes().vocabulary, 5);
    const auto context = alone(exact_options("full"), tiny.model, cancel_);
    const std::size_t steps = n > 4 ? 3 : 0;
    expect_near(states_of(*context, tokens, 11, steps), reference.forward(tokens, full_reference(reference)),
                2e-3);
  }
}

TEST_P(Architectures, StreamingEqualsPlainTorch) {
  const TinyModel tiny(sizes());
  const TorchDecoder reference(*tiny.file);
  auto chosen = exact_options("streaming");
  chosen.initial = 3;
  chosen.local = 19;
  for (const std::int64_t n : {5, 19, 20, 61}) {
    const auto tokens = random_tokens(n, sizes().vocabulary, 6);
    const auto context = alone(chosen, tiny.model, cancel_);
    expect_near(states_of(*context, tokens, 7, 2),
                reference.forward(tokens, streaming_reference(reference, 3, 19)), 2e-3);
  }
}

/// methods.md section 7, steps 2 to 4: the raw keys of one head of a text that is read with first tokens and
/// a window, and what the question behind it asks that head for.
TEST_P(Architectures, RecallScoresEqualPlainTorch) {
  const TinyModel tiny(sizes());
  const TorchDecoder reference(*tiny.file);
  const model::Spec& spec = tiny.model->spec();
  auto chosen = exact_options("recall");
  chosen.initial = 3;
  chosen.local = 19;
  constexpr std::int64_t kDistance = 30, kText = 150, kQuestion = 9, kBlock = 16;
  const auto heads = context::all_heads(spec);
  const auto tokens = random_tokens(kText + kQuestion, sizes().vocabulary, 6);
  context::Reader reader(chosen, tiny.model, heads, attention::KvType::f32);
  model::Runner runner(tiny.model);
  const auto run = [&](context::Context& context) {
    for (model::Pass pass; context.plan(pass, model::kPassRows); pass.clear()) {
      runner.run(pass);
      context.took(pass);
    }
  };
  reader.append(std::span(tokens).first(kText));
  reader.end_text();
  run(reader);
  context::HeadQueries queries(reader.keys().heads(), *tiny.model, kDistance);
  const auto asking = reader.asking(queries);
  asking->append(std::span(tokens).subspan(kText));
  asking->end_text();
  run(*asking);
  const auto scores =
      context::block_scores(reader.keys(), queries, {.block = kBlock, .first = 4, .end = kText});

  std::map<std::pair<int, int>, torch::Tensor> of_heads;  // [tokens] of each layer and head
  const auto streaming = streaming_reference(reference, chosen.initial, chosen.local);
  reference.forward(tokens, [&](int layer, torch::Tensor q, torch::Tensor k, torch::Tensor v) {
    const auto group = q.size(1) / k.size(1);
    const auto asked = reference.rotate(q.slice(0, kText), torch::full({kQuestion}, kDistance), layer);
    const auto keys = k.slice(0, 4, kText).repeat_interleave(group, 1);
    const auto logits = torch::einsum("ihd,jhd->hij", {asked, keys}) * spec.attention_scale;
    const auto paid = torch::softmax(logits, -1).square().sum(1).sqrt();
    for (int head = 0; head < spec.heads.heads; ++head) of_heads[{layer, head}] = paid[head];
    return streaming(layer, q, k, v);
  });
  ASSERT_EQ(scores.size(), heads.size());
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const auto smooth = of_heads.at({heads[i].layer, heads[i].head}).unfold(0, 8, 1).mean(1);
    for (std::int64_t block = 0; (block + 1) * kBlock + 8 <= kText - 4; ++block) {
      const double wanted = smooth.slice(0, block * kBlock, (block + 1) * kBlock).max().item<double>();
      EXPECT_NEAR(scores[i][static_cast<std::size_t>(block)], wanted, 2e-3 + 0.02 * wanted)
          << heads[i].layer << "." << heads[i].head;
    }
  }
}

TEST_P(Architectures, LmInfiniteEqualsPlainTorch) {
  const TinyModel tiny(sizes());
  const TorchDecoder reference(*tiny.file);
  auto chosen = exact_options("lm-infinite");
  chosen.initial = 3;
  chosen.local = 19;
  for (const std::int64_t n : {5, 19, 20, 61}) {
    const auto tokens = random_tokens(n, sizes().vocabulary, 6);
    const auto context = alone(chosen, tiny.model, cancel_);
    expect_near(states_of(*context, tokens, 7, 2),
                reference.forward(tokens, lm_infinite_reference(reference, 3, 19)), 2e-3);
  }
}

TEST_P(Architectures, DualChunkEqualsItsTranscription) {
  const TinyModel tiny(sizes());
  const TorchDecoder reference(*tiny.file);
  auto chosen = exact_options("dca");
  // The last: the longest window that a chunk can have, as long as the chunk is short.
  for (const auto& [chunk, local] : {std::pair{13, 4}, std::pair{11, 5}, std::pair{3, 1}}) {
    chosen.chunk = chunk;
    chosen.local = local;
    for (const std::int64_t n : {1, 9, 14, 61}) {
      const auto tokens = random_tokens(n, sizes().vocabulary, 8);
      const auto context = alone(chosen, tiny.model, cancel_);
      expect_near(states_of(*context, tokens, 7, n > 4 ? 3 : 0),
                  reference.forward(tokens, dual_chunk_reference(reference, chunk, local)), 2e-3);
    }
  }
}

TEST_P(Architectures, DualChunkIsFullUpToItsLongestDistanceAndStepsLikeItReads) {
  const TinyModel tiny(sizes());
  auto chosen = exact_options("dca");
  chosen.chunk = 23;
  chosen.local = 7;
  const auto states = [&](const context::Options& each, std::int64_t n, std::size_t steps) {
    return states_of(*alone(each, tiny.model, cancel_), random_tokens(n, sizes().vocabulary, 9), 5, steps);
  };
  const auto tensor = [&](const std::vector<float>& values) {
    return torch::tensor(values).to(torch::kFloat64).reshape({-1, tiny.model->spec().width});
  };
  for (const std::int64_t n : {1, 16, 17, 24})
    expect_near(states(chosen, n, 0), tensor(states(exact_options("full"), n, 0)), 2e-3);
  expect_near(states(chosen, 70, 0), tensor(states(chosen, 70, 69)), 2e-3);
}

TEST_P(Architectures, DualChunkSharpensAsForALongerText) {
  const TinyModel tiny(sizes());
  const TorchDecoder reference(*tiny.file);
  auto chosen = exact_options("dca");
  chosen.chunk = 13;
  chosen.local = 4;
  chosen.sharpen = 10 * tiny.model->spec().trained_context;
  const double factor = 0.1 * std::log(10.0) + 1;
  const auto tokens = random_tokens(40, sizes().vocabulary, 8);
  const auto context = alone(chosen, tiny.model, cancel_);
  expect_near(states_of(*context, tokens, 7, 3),
              reference.forward(tokens, dual_chunk_reference(reference, 13, 4, factor * factor)), 2e-3);
}

TEST_P(Architectures, InfLlmEqualsItsTranscription) {
  const TinyModel tiny(sizes());
  const TorchDecoder reference(*tiny.file);
  auto chosen = exact_options("infllm");
  chosen.local = 16;
  chosen.initial = 5;
  chosen.block = 6;
  chosen.top_k = 2;
  chosen.answer_top_k = 4;
  chosen.representatives = 2;
  const std::size_t steps = 3;
  for (const auto& [n, parity] :
       {std::pair{4, false}, std::pair{16, false}, std::pair{21, false}, std::pair{40, false},
        std::pair{107, false}, std::pair{21, true}, std::pair{107, true}}) {
    chosen.parity = parity;
    const auto tokens = random_tokens(n, sizes().vocabulary, 7);
    const auto context = alone(chosen, tiny.model, cancel_);
    const auto hidden = states_of(*context, tokens, 9, steps);
    std::vector<QueryBlock> blocks;
    std::int64_t prompt = n - static_cast<std::int64_t>(steps);
    for (; prompt > 16; prompt -= 16) blocks.push_back({16, chosen.top_k});
    if (prompt > 1) blocks.push_back({prompt - 1, chosen.top_k});
    blocks.insert(blocks.end(), 1 + steps,
                  {1, chosen.answer_top_k});  // the last token of the prompt alone, then the generated ones
    const InfLlmSizes infllm{16, 5, 6, 2, parity};
    expect_near(hidden, reference.forward(tokens, infllm_reference(reference, infllm, blocks)), 2e-3);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Architectures, testing::Values("llama", "qwen2", "qwen3", "gemma3", "smollm3"));

}  // namespace
}  // namespace focusllm::test
