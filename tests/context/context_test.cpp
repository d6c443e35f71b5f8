#include <cmath>

#include <gtest/gtest.h>

#include "base/error.h"
#include "context/alone.h"
#include "context/method.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

context::Options small(const std::string& method) {
  context::Options options;
  options.method = method;
  options.local = 24;
  options.initial = 4;
  options.block = 8;
  options.top_k = 3;
  options.heads = "0.1,1.2,1.3";
  options.answer_top_k = 3;
  options.chunk = options.method == "dca" ? 50 : 16;  // dca: longer than two local windows
  return options;
}

std::vector<float> last_hidden(context::Alone& context, std::span<const std::int32_t> tokens,
                               std::size_t piece) {
  for (std::size_t i = 0; i < tokens.size(); i += piece) {
    context.read(tokens.subspan(i, std::min(piece, tokens.size() - i)));
  }
  const auto hidden = context.finish();
  return {hidden.begin(), hidden.end()};
}

double worst_difference(std::span<const float> a, std::span<const float> b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

class Methods : public testing::TestWithParam<const char*> {
 protected:
  TinySizes sizes_;
  TinyModel tiny_{sizes_};
  CancelToken cancel_;
};

TEST_P(Methods, ResultDoesNotDependOnThePiecesRead) {
  TinySizes sizes;
  sizes.context = 1024;
  const TinyModel tiny(sizes);
  const auto tokens = random_tokens(600, sizes.vocabulary, 3);  // more than a pass
  const auto whole = last_hidden(*alone(small(GetParam()), tiny.model, cancel_), tokens, tokens.size());
  for (const std::size_t piece : {1U, 7U, 24U, 513U}) {
    EXPECT_EQ(last_hidden(*alone(small(GetParam()), tiny.model, cancel_), tokens, piece), whole) << piece;
  }
  const auto cut = alone(small(GetParam()), tiny.model, cancel_);
  cut->limit(37);
  EXPECT_EQ(last_hidden(*cut, tokens, tokens.size()), whole) << "in shorter passes";
}

std::vector<float> stepped(context::Alone& context) {
  const auto hidden = context.step(7);
  return {hidden.begin(), hidden.end()};
}

/// Of an odd number of tokens, none are left waiting for a whole block.
void read_to_question(context::Alone& context, std::span<const std::int32_t> tokens) {
  context.read(tokens);
  if (tokens.size() % 2 == 1) context.begin_question();
}

/// The hidden state after more tokens and some steps.
std::vector<float> go_on(context::Alone& context, std::span<const std::int32_t> tokens) {
  context.read(tokens);
  context.finish();
  context.step(5);
  return stepped(context);
}

TEST_P(Methods, AForkGoesOnByItself) {
  const auto tokens = random_tokens(200, sizes_.vocabulary, 9);
  const auto other = random_tokens(70, sizes_.vocabulary, 10);
  for (const auto type : {attention::KvType::bf16, attention::KvType::int8}) {
    auto options = small(GetParam());
    options.kv_type = type;
    for (const std::size_t place : {0U, 3U, 24U, 57U, 130U, 199U}) {
      const auto begin = std::span(tokens).first(place), rest = std::span(tokens).subspan(place);
      const auto base = alone(options, tiny_.model, cancel_);
      read_to_question(*base, begin);
      CancelToken own;
      auto fork = base->fork(own);
      if (options.method == "focus") {
        EXPECT_EQ(fork, nullptr);
        return;
      }
      ASSERT_NE(fork, nullptr);
      auto later = fork->fork(cancel_);
      EXPECT_EQ((*fork)->tokens(), (*base)->tokens());
      const auto fresh = alone(options, tiny_.model, cancel_);
      const auto fresh_other = alone(options, tiny_.model, cancel_);
      read_to_question(*fresh, begin);
      read_to_question(*fresh_other, begin);
      const auto hidden = go_on(*fresh, rest);
      EXPECT_EQ(go_on(*base, rest), hidden) << place;
      EXPECT_EQ(go_on(*later, rest), hidden) << place;
      EXPECT_EQ(go_on(*fork, other), go_on(*fresh_other, other)) << place;
      EXPECT_EQ(stepped(*base), stepped(*fresh)) << place;  // what the others wrote is not in it
      own.cancel();
      EXPECT_THROW(fork->step(1), Cancelled);
      EXPECT_NO_THROW(base->step(1));
    }
  }
}

TEST_P(Methods, EqualsFullInsideTheLocalWindow) {
  for (const std::int64_t count : {1, 2, 23, 24}) {
    const auto tokens = random_tokens(count, sizes_.vocabulary, 4);
    const auto hidden = [&](const std::string& method) {
      auto options = small(method);
      options.kv_type = attention::KvType::f32;
      return last_hidden(*alone(options, tiny_.model, cancel_), tokens, 5);
    };
    EXPECT_TRUE(worst_difference(hidden("full"), hidden(GetParam())) <= 2e-3) << count;
  }
}

TEST_P(Methods, CountsTokensAndMemory) {
  const auto options = context::with_defaults(small(GetParam()), tiny_.model->spec());
  const auto context = alone(options, tiny_.model, cancel_);
  const auto tokens = random_tokens(300, sizes_.vocabulary, 5);
  last_hidden(*context, tokens, 300);
  EXPECT_EQ((*context)->tokens(), 300);
  EXPECT_EQ((*context)->done(), 300);
  EXPECT_GT((*context)->memory_bytes(), 0);
  const auto needed = context::bytes_needed(options, tiny_.model->spec(), 300);
  EXPECT_LE((*context)->memory_bytes(), 2 * needed);
}

TEST_P(Methods, Int8KeysStayClose) {
  auto options = small(GetParam());
  const auto tokens = random_tokens(60, sizes_.vocabulary, 6);
  const auto bf16 = last_hidden(*alone(options, tiny_.model, cancel_), tokens, 60);
  options.kv_type = attention::KvType::int8;
  const auto int8 = last_hidden(*alone(options, tiny_.model, cancel_), tokens, 60);
  EXPECT_TRUE(worst_difference(bf16, int8) <= 0.5);
}

TEST_P(Methods, StopsWhenCancelled) {
  const auto context = alone(small(GetParam()), tiny_.model, cancel_);
  cancel_.cancel();
  const auto tokens = random_tokens(100, sizes_.vocabulary, 7);
  EXPECT_THROW(last_hidden(*context, tokens, 100), Cancelled);
}

TEST_P(Methods, NothingReadIsAnError) {
  EXPECT_THROW(alone(small(GetParam()), tiny_.model, cancel_)->finish(), Error);
}

INSTANTIATE_TEST_SUITE_P(All, Methods,
                         testing::Values("full", "streaming", "lm-infinite", "dca", "infllm", "focus",
                                         "recall"));

TEST(Full, RefusesMoreThanTheTrainedContextUnlessAsked) {
  TinySizes sizes;
  sizes.context = 64;
  const TinyModel tiny(sizes);
  CancelToken cancel;
  const auto tokens = random_tokens(65, sizes.vocabulary, 8);
  context::Options options;
  options.method = "full";
  EXPECT_THROW(last_hidden(*alone(options, tiny.model, cancel), tokens, 65), Error);
  options.beyond_trained = true;
  EXPECT_NO_THROW(last_hidden(*alone(options, tiny.model, cancel), tokens, 65));
}

TEST(InfLlm, NamesTheBlocksThatAnswered) {
  const TinyModel tiny{TinySizes{}};
  CancelToken cancel;
  const auto context = alone(small("infllm"), tiny.model, cancel);
  last_hidden(*context, random_tokens(400, 97, 9), 400);
  (*context)->start_citing();
  for (int i = 0; i < 4; ++i) context->step(i);
  const auto places = (*context)->attended();
  ASSERT_FALSE(places.empty());
  for (const auto& place : places) {
    EXPECT_GT(place.mass, 0);
    EXPECT_EQ(place.tokens, 64);
    EXPECT_EQ((place.first - 4) % 64, 0);
    EXPECT_LT(place.first, 404 - 24);
  }
}

TEST(InfLlm, BlocksInAFileGiveTheSameAnswers) {
  TinySizes sizes;
  sizes.architecture = "gemma3";  // whose windows remember nothing
  sizes.layers = 12;
  const TinyModel tiny{sizes};
  CancelToken cancel;
  const auto tokens = random_tokens(700, sizes.vocabulary, 10);
  for (const auto type : {attention::KvType::bf16, attention::KvType::int8}) {
    context::Options options = small("infllm");
    options.kv_type = type;
    const auto in_memory = alone(options, tiny.model, cancel);
    const auto expected = last_hidden(*in_memory, tokens, 50);
    options.block_cache = std::max(options.top_k, options.answer_top_k);
    for (const bool by_score : {false, true}) {
      options.evict_by_score = by_score;
      const auto in_file = alone(options, tiny.model, cancel);
      EXPECT_EQ(last_hidden(*in_file, tokens, 50), expected);
      EXPECT_LT((*in_file)->memory_bytes(), (*in_memory)->memory_bytes());
      const auto use = (*in_file)->tier_use();
      EXPECT_GT(use.disk_bytes, 0);
      EXPECT_GT(use.found, 0);
      EXPECT_GT(use.read, 0);
    }
  }
}

TEST(InfLlm, WhatWillNotFitTheDiskIsRefused) {
  const TinyModel tiny{TinySizes{}};
  context::Options options = small("infllm");
  EXPECT_NO_THROW(context::check_disk(options, tiny.model->spec(), std::int64_t{1} << 50));
  options.block_cache = 1000;
  options.cache_dir = testing::TempDir();
  EXPECT_NO_THROW(context::check_disk(options, tiny.model->spec(), 1000));
  EXPECT_THROW(context::check_disk(options, tiny.model->spec(), std::int64_t{1} << 50), Error);
}

TEST(Options, FirstTokensAndRepresentativesFitTheirPlace) {
  const TinyModel tiny{TinySizes{}};
  const auto& spec = tiny.model->spec();
  for (const char* method : {"streaming", "lm-infinite", "infllm"}) {
    context::Options options;
    options.method = method;
    options.local = 3;
    EXPECT_EQ(context::with_defaults(options, spec).initial, 3);
    options.initial = kNone;
    EXPECT_EQ(context::with_defaults(options, spec).initial, kNone);
    options.initial = 4;
    EXPECT_THROW(context::with_defaults(options, spec), UsageError);
  }
  context::Options options;
  options.method = "infllm";
  options.block = 2;
  EXPECT_EQ(context::with_defaults(options, spec).representatives, 2);
  for (const std::int64_t wrong : {-1, 3}) {
    options.representatives = wrong;
    EXPECT_THROW(context::with_defaults(options, spec), UsageError);
  }
}

TEST(Options, WindowOfDcaFollowsItsChunkAndIsShorterThanItsPeriod) {
  const TinyModel tiny{TinySizes{}};
  const auto& spec = tiny.model->spec();
  context::Options options;
  options.method = "dca";
  EXPECT_EQ(context::with_defaults(options, spec).chunk, spec.trained_context * 3 / 4);
  EXPECT_EQ(context::with_defaults(options, spec).local, spec.trained_context / 8);
  options.chunk = 61;
  EXPECT_EQ(context::with_defaults(options, spec).local, 10);
  options.local = 30;
  EXPECT_NO_THROW(context::with_defaults(options, spec));
  options.local = 31;
  EXPECT_THROW(context::with_defaults(options, spec), UsageError);
}

TEST(Options, WrongOnesNameTheFlag) {
  const TinyModel tiny{TinySizes{}};
  const auto& spec = tiny.model->spec();
  context::Options options;
  options.method = "magic";
  EXPECT_THROW(context::with_defaults(options, spec), UsageError);
  options.method = "infllm";
  options.local = -5;
  EXPECT_THROW(context::with_defaults(options, spec), UsageError);
  options.local = spec.trained_context + 1;
  EXPECT_THROW(context::with_defaults(options, spec), UsageError);
}

}  // namespace
}  // namespace focusllm::test
