#include "engine/sampler.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "tensor/row_ops.h"

namespace focusllm {
namespace {

const std::vector<float> kLogits{0.5F, 2.0F, -1.0F, 1.5F, 2.0F};

TEST(Sampler, GreedyTakesTheFirstOfTheBest) {
  EXPECT_EQ(Sampler({}).sample(kLogits, {}), 1);
}

TEST(Sampler, PresenceAndFrequencyCountWhatTheAnswerHas) {
  SamplingOptions options;
  options.presence_penalty = 0.25F;
  options.frequency_penalty = 0.25F;
  Sampler sampler(options);
  // 2 - 0.5 is no less than 1.5, which comes later; the prompt's tokens do not count.
  const std::vector<Token> prompt(10, 1);
  std::vector<Token> drawn;
  for (int i = 0; i < 6; ++i) drawn.push_back(sampler.sample(kLogits, prompt));
  EXPECT_EQ(drawn, (std::vector<Token>{1, 4, 1, 3, 4, 1}));
  options.frequency_penalty = std::nanf("");
  EXPECT_THROW(Sampler{options}, UsageError);
  options.frequency_penalty = 2.5F;
  EXPECT_THROW(Sampler{options}, UsageError);
}

TEST(Sampler, SameSeedSameTokens) {
  SamplingOptions options;
  options.temperature = 1;
  options.seed = 7;
  Sampler a(options), b(options);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(a.sample(kLogits, {}), b.sample(kLogits, {}));
}

TEST(Sampler, DrawsByProbability) {
  SamplingOptions options;
  options.temperature = 1;
  options.top_k = 0;
  options.top_p = 1;
  options.min_p = 0;
  Sampler sampler(options);
  std::map<Token, int> counts;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) ++counts[sampler.sample(kLogits, {})];
  const double total = log_sum_exp(default_isa(), kLogits);
  for (std::size_t i = 0; i < kLogits.size(); ++i) {
    EXPECT_NEAR(counts[static_cast<Token>(i)] / double{kDraws}, std::exp(kLogits[i] - total), 0.015) << i;
  }
}

TEST(Sampler, CutsLeaveOnlyTheLikely) {
  SamplingOptions options;
  options.temperature = 5;
  options.top_k = 2;
  Sampler top_k(options);
  options.top_k = 0;
  options.top_p = 0.5F;
  options.min_p = 0;
  Sampler top_p(options);
  options.top_p = 1;
  options.min_p = 0.9F;
  Sampler min_p(options);
  for (int i = 0; i < 200; ++i) {
    for (Sampler* sampler : {&top_k, &top_p, &min_p}) {
      const Token token = sampler->sample(kLogits, {});
      EXPECT_TRUE(token == 1 || token == 4) << token;
    }
  }
}

TEST(Sampler, RepeatPenaltyTurnsFromWhatWasSaid) {
  SamplingOptions options;
  options.repeat_penalty = 2;
  const std::vector<Token> said{1, 1, 4};
  EXPECT_EQ(Sampler(options).sample(kLogits, said), 3);
  options.repeat_last = 0;
  EXPECT_EQ(Sampler(options).sample(kLogits, said), 1);
}

TEST(Sampler, TheEndsOfTopPAndMinPKeepTheLikeliest) {
  for (const bool top : {true, false}) {
    SamplingOptions options;
    options.temperature = 5;
    options.top_k = 0;
    options.top_p = top ? 0.0F : 1.0F;
    options.min_p = top ? 0.0F : 1.0F;
    Sampler sampler(options);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(sampler.sample(std::vector<float>{1, 2, 1.9F}, {}), 1);
  }
}

TEST(Sampler, RefusesNonsense) {
  const auto refused = [](auto change) {
    SamplingOptions options;
    change(options);
    EXPECT_THROW(Sampler{options}, UsageError);
  };
  refused([](auto& o) { o.temperature = -1; });
  refused([](auto& o) { o.temperature = NAN; });
  refused([](auto& o) { o.top_p = -0.1F; });
  refused([](auto& o) { o.top_p = 1.5F; });
  refused([](auto& o) { o.min_p = 1.1F; });
  refused([](auto& o) { o.min_p = NAN; });
  refused([](auto& o) { o.top_k = -1; });
  refused([](auto& o) { o.repeat_penalty = 0; });
}

TEST(MostLikely, IsSortedAndNormalised) {
  const auto top = most_likely(default_isa(), kLogits, 9);
  ASSERT_EQ(top.size(), 5U);
  EXPECT_EQ(top[0].id, 1);
  EXPECT_EQ(top[1].id, 4);
  EXPECT_EQ(top[4].id, 2);
  double sum = 0;
  for (const auto& token : top) sum += std::exp(token.logprob);
  EXPECT_NEAR(sum, 1, 1e-6);
  EXPECT_TRUE(most_likely(default_isa(), kLogits, 0).empty());
}

}  // namespace
}  // namespace focusllm
