#include "context/recall/recall.h"

#include <cmath>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "context/alone.h"
#include "context/method.h"
#include "context/recall/score.h"
#include "context/recall/surprise.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

using context::HeadGroup;
using context::QueryHead;
using context::Span;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(RecallHeads, AreReadAsTheyAreWritten) {
  EXPECT_EQ(context::parse_heads("2.4,15.6"), (std::vector<HeadGroup>{{{{2, 4}}}, {{{15, 6}}}}));
  EXPECT_EQ(context::parse_heads("2.4+15.6:0.25*3^2"),
            (std::vector<HeadGroup>{{{{2, 4}, {15, 6, 0.25F}}, 3, 2}}));
  EXPECT_EQ(context::format_heads(
                context::parse_heads("0.0,11.10*1,3.4*0.3,2.1*3^2,2.2^3,2.3^1,4.0:0.5+4.1:1+4.2*8^3")),
            "0.0,11.10,3.4*0.3,2.1*3^2,2.2^3,2.3,4.0:0.5+4.1+4.2*8^3");
  for (const char* wrong : {"",        "2",     "2.",      ".4",         "2.4,",          ",2.4",
                            "2.4;3.1", "-1.2",  "2.4,2.4", "a.b",        "99999999999.1", "2.4 ,3.1",
                            "2.4*",    "2.4*0", "2.4*-1",  "2.4*nan",    "2.4*inf",       "2.4,2.4*2",
                            "2.4+",    "+2.4",  "2.4+2.4", "2.4:0",      "2.4:",          "2.4*2:3",
                            "2.4^4",   "2.4^0", "2.4^2*3", "2.4+3.1,2.4"}) {
    try {
      context::parse_heads(wrong);
      ADD_FAILURE() << wrong;
    } catch (const UsageError& error) {
      EXPECT_EQ(error.field(), "heads");
    }
  }
}

TEST(RecallHeads, HaveToBeTheModelsAndSeeEverything) {
  const TinyModel llama{TinySizes{}}, gemma{tiny_sizes("gemma3")};
  const auto refused = [](const char* heads, const TinyModel& tiny) {
    try {
      context::check_heads(context::heads_of(context::parse_heads(heads)), tiny.model->spec());
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refused("2.3", llama), "");
  EXPECT_THAT(refused("3.0", llama), HasSubstr("3 layers"));
  EXPECT_THAT(refused("0.4", llama), HasSubstr("4 query heads"));
  EXPECT_THAT(refused("0.0", gemma), HasSubstr("last 7 tokens"));
  for (const QueryHead& head : context::all_heads(gemma.model->spec()))
    EXPECT_EQ(gemma.model->spec().window(head.layer), 0);
  EXPECT_EQ(std::ssize(context::all_heads(llama.model->spec())), 12);
}

TEST(RecallHeads, ThatReadOneKeyHeadKeepItOnce) {
  const auto heads = context::heads_of(context::parse_heads("3.5,1.0+3.4,1.3,3.1"));
  const auto keys = context::key_heads(heads, {6, 2, 16});
  ASSERT_EQ(keys.size(), 4U);
  EXPECT_EQ(keys[0].layer, 1);
  EXPECT_EQ(keys[0].kv_head, 0);
  EXPECT_EQ(keys[1].kv_head, 1);
  EXPECT_EQ(keys[3].layer, 3);
  EXPECT_THAT(keys[3].heads, ElementsAre(4, 5));
  EXPECT_THAT(keys[3].of, ElementsAre(2U, 0U));
  EXPECT_EQ(context::layers_of(heads), 4);
}

/// first and last token of each.
std::vector<std::pair<std::int64_t, std::int64_t>> ends(const std::vector<Span>& spans) {
  std::vector<std::pair<std::int64_t, std::int64_t>> ends;
  for (const Span& span : spans) ends.emplace_back(span.first, span.end());
  return ends;
}

std::vector<Span> spans_of(const std::vector<float>& scores, std::int64_t tokens,
                           const context::Choice& choice) {
  std::vector<float> shares = scores;
  const float best = scores.empty() ? 0 : *std::ranges::max_element(scores);
  for (float& share : shares) share /= std::max(best, 1e-9F);
  return context::choose_spans(scores, shares, tokens, choice);
}

TEST(RecallSpans, AreBlocksWithTheirSurroundingsBestFirst) {
  const std::vector<float> scores{0.1F, 0, 0, 0, 0, 0.5F, 0, 0, 0, 0.4F};
  context::Choice choice{.block = 10, .before = 12, .behind = 5, .budget = 1000, .threshold = 0.5};
  EXPECT_EQ(ends(spans_of(scores, 95, choice)), (decltype(ends({})){{47, 65}, {87, 95}}));
  choice.threshold = 0;
  EXPECT_EQ(ends(spans_of(scores, 95, choice)), (decltype(ends({})){{47, 65}, {87, 95}, {0, 15}}));
  choice.budget = 26;  // the third does not fit
  EXPECT_EQ(ends(spans_of(scores, 95, choice)), (decltype(ends({})){{47, 65}, {87, 95}}));
  choice.budget = 17;
  EXPECT_TRUE(spans_of(scores, 95, choice).empty());
  EXPECT_TRUE(spans_of({}, 0, choice).empty());
  EXPECT_TRUE(spans_of({0, 0}, 20, choice).empty());
}

TEST(RecallSpans, GoFromTheBeginningOfASentenceToTheEndOfOne) {
  const std::vector<float> scores{0.1F, 0, 0, 0, 0, 0.5F, 0, 0, 0, 0.4F};
  std::set<std::int64_t> begins{8, 46, 61, 64, 90};
  context::Choice choice{.block = 10, .before = 12, .behind = 5, .budget = 1000, .threshold = 0};
  choice.begins_sentence = [&](std::int64_t token) { return begins.contains(token); };
  EXPECT_EQ(ends(spans_of(scores, 95, choice)), (decltype(ends({})){{46, 61}, {90, 95}, {0, 15}}));
  begins = {37, 66};  // too far away
  EXPECT_EQ(ends(spans_of(scores, 95, choice)), (decltype(ends({})){{47, 65}, {87, 95}, {0, 15}}));
  choice.budget = 20;  // the least that is shown has to do
  begins = {41, 65};
  EXPECT_EQ(ends(spans_of(scores, 95, choice)), (decltype(ends({})){{47, 65}}));
  begins = {50, 60};  // the block is a sentence
  EXPECT_EQ(ends(spans_of(scores, 95, choice)).front(), (std::pair<std::int64_t, std::int64_t>{50, 60}));
}

TEST(RecallSpans, TheSecondIsTakenWhateverItsScore) {
  const std::vector<float> scores{0, 0, 0, 0.9F, 0, 0, 0.1F, 0, 0, 0.09F};
  const context::Choice choice{.block = 10, .before = 0, .behind = 0, .budget = 50, .threshold = 0.5};
  EXPECT_EQ(ends(spans_of(scores, 100, choice)), (decltype(ends({})){{30, 40}, {60, 70}}));
}

TEST(RecallSpans, ThatTouchAreOneAndCountOnce) {
  const std::vector<float> scores{0, 0.5F, 0.4F, 0, 0.3F, 0};
  const context::Choice choice{.block = 10, .before = 20, .behind = 5, .budget = 50, .threshold = 0.1};
  const auto spans = spans_of(scores, 60, choice);
  EXPECT_EQ(ends(spans), (decltype(ends({})){{5, 55}}));
  EXPECT_FLOAT_EQ(static_cast<float>(spans.front().score), 0.5F);
}

/// Raw queries and keys of one layer with one key head.
struct Rows {
  Rows(std::int64_t tokens, int heads, unsigned seed) : count(tokens), width((heads + 2) * 16) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(0, 1.5F);
    for (std::int64_t i = 0; i < tokens * width; ++i) data.push_back(normal(engine));
  }
  const float* query(std::int64_t row, int head) const { return data.data() + row * width + head * 16; }
  const float* key(std::int64_t row) const { return data.data() + (row + 1) * width - 32; }
  model::LaneRows lane(int heads) const {
    model::LaneRows rows;
    rows.layer = 0;
    rows.count = count;
    rows.raw_queries = data.data();
    rows.raw_keys = data.data() + heads * 16;
    rows.stride = width;
    return rows;
  }
  std::int64_t count, width;
  std::vector<float> data;
};

/// methods.md section 7, steps 3 and 4, for one head in double.
std::vector<double> plain_scores(const Rows& text, const Rows& question, int head,
                                 const model::Rotations& rotation, float scale,
                                 const context::Scoring& scoring) {
  const auto tokens = static_cast<std::size_t>(scoring.end - scoring.first);
  std::vector<double> paid(tokens, 0.0);
  for (std::int64_t row = 0; row < question.count; ++row) {
    float turned[16];
    rotation.rotate(0, question.query(row, head), 1, 0, turned);
    std::vector<double> weights;
    double total = 0;
    for (std::int64_t t = scoring.first; t < scoring.end; ++t) {
      double product = 0;
      for (int d = 0; d < 16; ++d) product += double{turned[d]} * text.key(t)[d];
      weights.push_back(std::exp(product * scale));
      total += weights.back();
    }
    for (std::size_t i = 0; i < tokens; ++i) paid[i] = std::hypot(paid[i], weights[i] / total);
  }
  std::vector<double> blocks((tokens + static_cast<std::size_t>(scoring.block) - 1) /
                             static_cast<std::size_t>(scoring.block));
  for (std::size_t i = 0; i < tokens; ++i) {
    double sum = 0;
    for (std::size_t j = i; j < std::min(i + 8, tokens); ++j) sum += paid[j] / 8;
    double& block = blocks[i / static_cast<std::size_t>(scoring.block)];
    block = std::max(block, sum);
  }
  return blocks;
}

TEST(RecallScores, AreThoseOfThePlainForm) {
  TinySizes sizes;
  sizes.kv_heads = 1;
  const TinyModel tiny(sizes);
  const auto heads = context::heads_of(context::parse_heads("0.3,0.1"));
  constexpr std::int64_t kDistance = 40;
  const model::Rotations rotation(*tiny.model, std::span(&kDistance, 1));
  for (const std::int64_t tokens : {1, 7, 33, 1000, 17000}) {
    const Rows text(tokens, 4, 1), question(tokens > 1000 ? 3 : 21, 4, 2);
    for (const attention::KvType type : {attention::KvType::f32, attention::KvType::int8}) {
      context::HeadKeys keys(heads, tiny.model->spec().heads, type);
      context::HeadQueries queries(keys.heads(), *tiny.model, kDistance);
      keys.take(text.lane(4));
      queries.take(question.lane(4));
      EXPECT_EQ(keys.tokens(), tokens);
      EXPECT_EQ(queries.rows(), question.count);
      for (const Isa isa : supported_isas()) {
        const context::Scoring scoring{
            .block = 32, .first = std::min<std::int64_t>(5, tokens - 1), .end = tokens, .isa = isa};
        const auto scores = context::block_scores(keys, queries, scoring);
        ASSERT_EQ(scores.size(), 2U);
        for (std::size_t i = 0; i < 2; ++i) {
          auto plain = plain_scores(text, question, heads[i].head, rotation,
                                    tiny.model->spec().attention_scale, scoring);
          ASSERT_EQ(scores[i].size(), plain.size());
          const double best = *std::max_element(plain.begin(), plain.end());
          for (std::size_t block = 0; block < plain.size(); ++block) {
            // The last tokens of a piece have fewer neighbours behind them.
            if (tokens > 16384 && (block + 1) * 32 > 16384 - 32 && block * 32 < 16384 + 32) continue;
            if (block + 1 == plain.size()) continue;
            EXPECT_NEAR(scores[i][block], plain[block], 0.05 * best) << tokens << " " << isa_name(isa);
          }
        }
      }
    }
  }
}

TEST(RecallScores, OfTokensThatNobodyLooksAtAreThoseOfATextWithoutThem) {
  TinySizes sizes;
  sizes.kv_heads = 1;
  const TinyModel tiny(sizes);
  const auto heads = context::heads_of(context::parse_heads("0.3,0.1"));
  const Rows text(400, 4, 1), question(21, 4, 2);
  const auto scores = [&](const Rows& rows, const context::Scoring& scoring) {
    context::HeadKeys keys(heads, tiny.model->spec().heads, attention::KvType::f32);
    context::HeadQueries queries(keys.heads(), *tiny.model, 40);
    keys.take(rows.lane(4));
    queries.take(question.lane(4));
    return context::block_scores(keys, queries, scoring);
  };
  Rows shorter = text;
  const auto row = [&](std::int64_t token) { return shorter.data.begin() + token * shorter.width; };
  shorter.data.erase(row(240), row(320));
  shorter.data.erase(row(80), row(160));
  shorter.count -= 160;
  const auto with_gaps = scores(text, {.block = 8, .end = 400, .without = {{80, 160}, {240, 320}}});
  const auto without = scores(shorter, {.block = 8, .end = 240});
  for (std::size_t head = 0; head < 2; ++head) {
    for (std::size_t block = 0; block < 50; ++block) {
      const bool left_out = (block >= 10 && block < 20) || (block >= 30 && block < 40);
      const std::size_t there = block < 10 ? block : block < 30 ? block - 10 : block - 20;
      if (left_out) {
        EXPECT_EQ(with_gaps[head][block], 0) << block;
      } else if (block != 9 && block != 29) {  // their last tokens' neighbours are not the same ones
        EXPECT_NEAR(with_gaps[head][block], without[head][there], 1e-4) << block;
      }
    }
  }
}

TEST(RecallScores, OfLongerBlocksAreThoseOfTheirBestPart) {
  EXPECT_EQ(context::of_longer_blocks({{1, 4, 2, 3, 5}, {}}, 2), (context::BlockScores{{4, 3, 5}, {}}));
  EXPECT_EQ(context::of_longer_blocks({{1, 4}}, 1), (context::BlockScores{{1, 4}}));
}

TEST(RecallScores, OfGroupsAreWeighedAndRaisedToAPower) {
  const auto groups = context::parse_heads("0.0,0.1*3^2");
  auto all = context::combined(groups, {{0.25F, 0.0F, 0.5F}, {0.0F, 0.5F, 0.4F}});
  EXPECT_THAT(all.scores, ElementsAre(0.25F, 2.25F, testing::FloatEq(1.44F)));
  EXPECT_THAT(all.paid, ElementsAre(0.25F, 0.5F, 0.4F));
  // Of the best one's group by the powers, of the other one without.
  EXPECT_THAT(all.shares, ElementsAre(testing::FloatEq(1.0F / 3), 1, testing::FloatEq(0.64F)));
  all = context::combined(groups, {{0.25F, 0.0F, 0.5F}, {0.0F, 0.1F, 0.1F}});
  EXPECT_THAT(all.shares, ElementsAre(0.5F, testing::FloatEq(0.18F), 1));
  all = context::combined(context::parse_heads("0.0*10^3"), {{0.25F, 0.0F}});
  EXPECT_THAT(all.scores, ElementsAre(15.625F, 0.0F));
  EXPECT_TRUE(context::combined(groups, {{}, {}}).scores.empty());
  EXPECT_THAT(context::combined(groups, {{0}, {0}}).shares, ElementsAre(0));
}

TEST(RecallScores, OfAGroupAreTheirGeometricMeanByShares) {
  const HeadGroup group = context::parse_heads("0.0:3+0.1:1").front();
  const std::vector<float> sure{0.8F, 0.0F, 0.0F, 0.0F}, unsure{0.1F, 0.2F, 0.1F, 0.0F}, silent(4, 0.0F);
  const auto of = [&](const std::vector<float>& a, const std::vector<float>& b) {
    const std::vector<std::span<const float>> scores{a, b};
    return context::group_scores(group, scores);
  };
  const auto plain = [](double a, double b, double above_a, double above_b) {
    return std::pow(a + above_a, 0.75) * std::pow(b + above_b, 0.25) -
           std::pow(above_a, 0.75) * std::pow(above_b, 0.25);
  };
  const auto both = of(sure, unsure);
  const double above_sure = 0.06 + 1e-6, above_unsure = 0.03 + 1e-6;
  for (std::size_t block = 0; block < 4; ++block)
    EXPECT_NEAR(both[block], plain(sure[block], unsure[block], above_sure, above_unsure), 1e-5);
  EXPECT_EQ(both[3], 0);
  // One that says nothing changes no order.
  const auto alone = of(unsure, silent);
  EXPECT_GT(alone[1], alone[0]);
  EXPECT_FLOAT_EQ(alone[0], alone[2]);
  EXPECT_GT(alone[0], 0);
  EXPECT_THAT(of(silent, silent), ElementsAre(0, 0, 0, 0));
}

TEST(RecallScores, OfAQuestionThatSaysNothingAreLeftOut) {
  context::BlockScores scores{{0.5F, 0.3F, 0.2F, 0.0F}, {1.0F, 0.0F, 0.1F, 0.4F}};
  context::leave_out({{0.3F, 0.3F, 0.4F, 0.0F}, {0.0F, 0.2F, 0.1F, 0.4F}}, scores);
  EXPECT_FLOAT_EQ(scores[0][0], 0.4F);
  EXPECT_EQ(scores[0][1], 0);
  EXPECT_EQ(scores[0][2], 0);
  EXPECT_EQ(scores[0][3], 0);
  EXPECT_EQ(scores[1], (std::vector<float>{1, 0, 0, 0}));
  context::leave_out({}, scores);
  EXPECT_FLOAT_EQ(scores[0][0], 0.4F);
}

class RecallMethod : public testing::Test {
 protected:
  context::Options options() const {
    context::Options options;
    options.method = "recall";
    options.heads = "0.1,1.2";
    options.local = 24;
    options.initial = 4;
    options.block = 8;
    options.span_before = 3;
    options.span_behind = 5;
    options.recalled = 60;
    options.threshold = 0;
    options.kv_type = attention::KvType::f32;
    options.separator = {7, 8};
    options.steps = kNone;
    return options;
  }
  std::vector<std::int32_t> tokens(std::int64_t count, unsigned seed) const {
    return random_tokens(count, tiny_.model->spec().vocabulary, seed);
  }
  /// The hidden state after a prompt of the plain model.
  std::vector<float> full(std::span<const std::int32_t> prompt) {
    context::Options plain;
    plain.method = "full";
    plain.kv_type = attention::KvType::f32;
    const auto context = context::alone(plain, tiny_.model, cancel_);
    context->read(prompt);
    const auto hidden = context->finish();
    return {hidden.begin(), hidden.end()};
  }
  /// Of the plain model, [tokens, width].
  std::vector<float> rows(const std::vector<std::int32_t>& prompt) {
    context::Options plain;
    plain.method = "full";
    plain.kv_type = attention::KvType::f32;
    std::vector<float> rows;
    const auto keep = [&](std::int64_t, std::span<const float> more) {
      rows.insert(rows.end(), more.begin(), more.end());
    };
    const auto context = context::alone(plain, tiny_.model, cancel_);
    context->read(prompt, keep);
    context->finish(keep);
    return rows;
  }
  /// -log(probability) of `count` tokens from `first` on, added up.
  double surprise(const std::vector<std::int32_t>& prompt, std::int64_t first, std::int64_t count) {
    const std::vector<float> hidden = rows(prompt);
    const std::int64_t width = tiny_.model->spec().width;
    std::vector<float> logits(static_cast<std::size_t>(tiny_.model->spec().vocabulary));
    double nats = 0;
    for (std::int64_t i = first; i < first + count; ++i) {
      tiny_.model->logits(hidden.data() + (i - 1) * width, 1, logits.data());
      double total = 0;
      for (const float one : logits) total += std::exp(static_cast<double>(one));
      const auto token = static_cast<std::size_t>(prompt[static_cast<std::size_t>(i)]);
      nats += std::log(total) - static_cast<double>(logits[token]);
    }
    return nats;
  }
  void run(context::Context& context) {
    for (;;) {
      pass_.clear();
      if (!context.plan(pass_, model::kPassRows)) return;
      runner_.run(pass_);
      context.took(pass_);
    }
  }
  using Tokens = std::vector<std::int32_t>;
  /// With the prompt done.
  std::unique_ptr<context::Context> asked(const context::Options& options, const Tokens& text,
                                          const Tokens& question) {
    auto context = context::make(options, tiny_.model);
    context->begin_text();
    context->append(text);
    context->end_text();
    context->append(question);
    context->end_prompt();
    run(*context);
    return context;
  }
  /// What the answer has to follow from: `all` is everything in order, of which the places that are cited
  /// stand between the opening and the words, the best last.
  Tokens prompt(const context::Context& context, const Tokens& opening, const Tokens& all,
                const Tokens& words) {
    Tokens prompt = opening;
    const auto places = context.attended();
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
      prompt.insert(prompt.end(), all.begin() + place->first, all.begin() + place->first + place->tokens);
      prompt.insert(prompt.end(), {7, 8});
    }
    prompt.insert(prompt.end(), words.begin(), words.end());
    return prompt;
  }
  static std::vector<float> hidden(const context::Context& context) {
    return {context.hidden().begin(), context.hidden().end()};
  }

  TinyModel tiny_{TinySizes{}};
  model::Runner runner_{tiny_.model};
  model::Pass pass_;
  CancelToken cancel_;
};

TEST_F(RecallMethod, AnswersFromThePlacesAndTheConversation) {
  const Tokens opening = tokens(9, 1), text = tokens(700, 2), question = tokens(12, 3);
  const auto context = context::make(options(), tiny_.model);
  Tokens all, words;
  const auto append = [&](const Tokens& more, bool in_conversation) {
    context->append(more);
    all.insert(all.end(), more.begin(), more.end());
    if (in_conversation) words.insert(words.end(), more.begin(), more.end());
  };
  append(opening, false);
  context->begin_text();
  append(text, false);
  run(*context);
  context->end_text();
  append(question, true);
  context->end_prompt();
  run(*context);
  ASSERT_FALSE(context->attended().empty());
  for (const context::Attended& place : context->attended()) {
    EXPECT_GE(place.first, 9);
    EXPECT_LE(place.first + place.tokens, 709);
  }
  EXPECT_EQ(hidden(*context), full(prompt(*context, opening, all, words)));
  EXPECT_EQ(context->tokens(), std::ssize(all));
  EXPECT_EQ(context->done(), std::ssize(all));

  context->answer(5);
  run(*context);
  append({5}, true);
  words.pop_back();
  all.pop_back();
  words.push_back(5);
  all.push_back(5);
  EXPECT_LT(std::abs(hidden(*context)[0] - full(prompt(*context, opening, all, words))[0]), 1e-2);
}

TEST_F(RecallMethod, WhatSaysNothingFindsNothing) {
  const Tokens text = tokens(300, 2), question = tokens(12, 3);
  const auto places = [&](const Tokens& plain) {
    context::Options with = options();
    with.plain = plain;
    return asked(with, text, question)->attended().size();
  };
  EXPECT_GT(places({}), 0U);
  EXPECT_GT(places(tokens(5, 4)), 0U);
  EXPECT_EQ(places(question), 0U);
}

TEST_F(RecallMethod, SurpriseIsThatOfTheWordsHoweverTheRowsCome) {
  const Tokens prompt = tokens(50, 3);
  const auto words = std::span(prompt).subspan(20, 25);
  const double nats = surprise(prompt, 20, 25);
  for (const std::int64_t piece : {1, 7, 19, 20, 50}) {
    context::Surprise measured(tiny_.model->spec(), 20, words);
    const std::vector<float> all = rows(prompt);
    const std::int64_t width = tiny_.model->spec().width;
    for (std::int64_t first = 0; first < 50; first += piece) {
      const std::int64_t count = std::min<std::int64_t>(piece, 50 - first);
      measured.take(first, std::span(all).subspan(static_cast<std::size_t>(first * width),
                                                  static_cast<std::size_t>(count * width)));
    }
    EXPECT_NEAR(measured.nats(*tiny_.model), nats, 1e-3 * nats);
  }
}

TEST_F(RecallMethod, SupportIsWhatTheShownPlacesExplainOfTheQuestion) {
  const Tokens opening = tokens(9, 1), text = tokens(300, 2), question = tokens(40, 3);
  Tokens all = opening;
  all.insert(all.end(), text.begin(), text.end());
  bool explains = false, explains_nothing = false;
  for (std::int64_t first = 1; first < 40; ++first) {
    context::Options how = options();
    how.support = 0;
    const auto context = context::make(how, tiny_.model);
    context->append(opening);
    context->begin_text();
    context->append(text);
    context->end_text();
    context->append(question);
    context->mark_question(309 + first, 40 - first);
    context->end_prompt();
    run(*context);
    Tokens without = opening;
    without.insert(without.end(), question.begin(), question.end());
    const Tokens with = prompt(*context, opening, all, question);
    const double before = surprise(without, 9 + first, 40 - first);
    const double behind = surprise(with, std::ssize(with) - 40 + first, 40 - first);
    EXPECT_EQ(hidden(*context), full(with));
    if (before < 16) break;
    ASSERT_TRUE(context->supported().has_value());
    if (std::abs(before - behind) < 0.05) continue;
    EXPECT_EQ(*context->supported(), behind <= before) << first;
    (*context->supported() ? explains : explains_nothing) = true;
  }
  EXPECT_TRUE(explains && explains_nothing);
}

TEST_F(RecallMethod, NothingIsSaidOfSupportWithoutATextOrAQuestion) {
  const Tokens opening = tokens(9, 1), text = tokens(100, 2), question = tokens(40, 3);
  const auto judged = [&](bool has_text, std::int64_t marked) {
    const auto context = context::make(options(), tiny_.model);
    context->append(opening);
    if (has_text) {
      context->begin_text();
      context->append(text);
      context->end_text();
    }
    context->append(question);
    if (marked > 0) context->mark_question(context->tokens() - marked, marked);
    context->end_prompt();
    run(*context);
    return context->supported().has_value();
  };
  EXPECT_TRUE(judged(true, 40));
  EXPECT_FALSE(judged(true, 0));
  EXPECT_FALSE(judged(true, 1)) << "one word says too little";
  EXPECT_FALSE(judged(false, 40));
}

TEST_F(RecallMethod, AFurtherQuestionAndFurtherTextRecallAnew) {
  const Tokens opening = tokens(9, 1), question = tokens(12, 3);
  const auto context = context::make(options(), tiny_.model);
  Tokens all, words;
  const auto append = [&](const Tokens& more, Tokens* also) {
    context->append(more);
    all.insert(all.end(), more.begin(), more.end());
    if (also != nullptr) also->insert(also->end(), more.begin(), more.end());
  };
  append(opening, nullptr);
  for (const unsigned turn : {10U, 20U, 30U}) {
    if (turn != 20) {
      if (turn == 30) append(tokens(2, 31), &words);  // the template's, between an answer and a text
      context->begin_text();
      append(tokens(400, turn), nullptr);
      context->end_text();
    }
    append(tokens(11, turn + 1), &words);
    context->end_prompt();
    run(*context);
    ASSERT_FALSE(context->attended().empty());
    EXPECT_EQ(hidden(*context), full(prompt(*context, opening, all, words))) << turn;
    for (const std::int32_t token : {3, 4}) {
      context->answer(token);
      all.push_back(token);
      words.push_back(token);
      run(*context);
    }
    EXPECT_EQ(context->done(), std::ssize(all));
  }
}

TEST_F(RecallMethod, WhatItsPlacesLeadToStandsWithThem) {
  const Tokens opening = tokens(9, 1), text = tokens(700, 2), question = tokens(12, 3);
  Tokens all = opening;
  all.insert(all.end(), text.begin(), text.end());
  const auto places = [&](std::int64_t steps, std::vector<float>& hidden_state) {
    context::Options how = options();
    how.steps = steps;
    how.recalled = 150;
    how.threshold = 1;  // two places of the question's own
    const auto context = context::make(how, tiny_.model);
    context->append(opening);
    context->begin_text();
    context->append(text);
    context->end_text();
    context->append(question);
    context->end_prompt();
    run(*context);
    hidden_state = hidden(*context);
    return context->attended();
  };
  std::vector<float> without_steps, with_steps;
  const auto own = places(kNone, without_steps), shown = places(2, with_steps);
  ASSERT_EQ(own.size(), 2U);
  ASSERT_GT(shown.size(), 2U);
  ASSERT_LE(shown.size(), 6U);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(shown[i].first, own[i].first);
  // Which of the two each of the others follows from is not told: one way gives the answer's prompt.
  bool same = false;
  for (unsigned ways = 0; ways < 1U << (shown.size() - 2); ++ways) {
    Tokens prompt = opening;
    for (const unsigned origin : {1U, 0U}) {
      std::vector<context::Attended> with{shown[origin]};
      for (std::size_t i = 2; i < shown.size(); ++i)
        if ((ways >> (i - 2) & 1U) == origin) with.push_back(shown[i]);
      std::ranges::sort(with, {}, &context::Attended::first);
      for (const context::Attended& place : with) {
        prompt.insert(prompt.end(), all.begin() + place.first, all.begin() + place.first + place.tokens);
        prompt.insert(prompt.end(), {7, 8});
      }
    }
    prompt.insert(prompt.end(), question.begin(), question.end());
    same = same || full(prompt) == with_steps;
  }
  EXPECT_TRUE(same);
}

/// Three texts of one turn, of which each place is shown with its own text's name.
TEST_F(RecallMethod, PlacesOfSeveralTextsStandBehindTheirNames) {
  const Tokens opening = tokens(9, 1), question = tokens(12, 3), none;
  const std::vector<Tokens> names{{11, 12}, {13, 14, 15}, {16}};
  const auto read = [&](const std::vector<Tokens>& called, Tokens& all) {
    auto context = context::make(options(), tiny_.model);
    const auto append = [&](const Tokens& more) {
      context->append(more);
      all.insert(all.end(), more.begin(), more.end());
    };
    append(opening);
    for (unsigned text = 0; text < 3; ++text) {
      if (!called[text].empty()) context->name_text(called[text]);
      context->begin_text();
      append(tokens(77, 20 + text));
    }
    context->end_text();
    append(question);
    context->end_prompt();
    run(*context);
    return context;
  };
  Tokens all;
  const auto context = read(names, all);
  std::set<std::size_t> texts;
  Tokens prompt = opening;
  const auto places = context->attended();
  for (auto place = places.rbegin(); place != places.rend(); ++place) {
    const auto text = static_cast<std::size_t>((place->first - 9) / 77);
    EXPECT_EQ((place->first + place->tokens - 1 - 9) / 77, static_cast<std::int64_t>(text)) << "in one text";
    texts.insert(text);
    prompt.insert(prompt.end(), names[text].begin(), names[text].end());
    prompt.insert(prompt.end(), all.begin() + place->first, all.begin() + place->first + place->tokens);
    prompt.insert(prompt.end(), {7, 8});
  }
  EXPECT_GT(texts.size(), 1U);
  prompt.insert(prompt.end(), question.begin(), question.end());
  EXPECT_EQ(hidden(*context), full(prompt));

  // With one name, or the same everywhere, nothing is said.
  for (const auto& called : {std::vector<Tokens>{names[0], none, none}, {names[0], names[0], names[0]}}) {
    Tokens again;
    const auto one = read(called, again);
    EXPECT_EQ(hidden(*one), full(this->prompt(*one, opening, again, question)));
  }
}

TEST_F(RecallMethod, WithoutAQuestionTheEndOfTheTextGoesOn) {
  const Tokens text = tokens(500, 2);
  const auto context = context::make(options(), tiny_.model);
  context->begin_text();
  context->append(text);
  context->end_prompt();
  run(*context);
  ASSERT_FALSE(context->attended().empty());
  for (const context::Attended& place : context->attended()) EXPECT_LE(place.first + place.tokens, 500 - 64);
  EXPECT_EQ(hidden(*context), full(prompt(*context, {}, text, Tokens(text.end() - 64, text.end()))));
}

TEST_F(RecallMethod, WithoutATextItIsThePlainModel) {
  const Tokens question = tokens(30, 2);
  const auto context = context::make(options(), tiny_.model);
  context->append(question);
  context->end_prompt();
  run(*context);
  EXPECT_TRUE(context->attended().empty());
  EXPECT_EQ(hidden(*context), full(question));
}

TEST_F(RecallMethod, TheEndOfTheTextIsShownWhereAsked) {
  context::Options given = options();
  given.ending = 20;
  const Tokens text = tokens(500, 2), question = tokens(12, 3);
  const auto context = asked(given, text, question);
  Tokens words(text.end() - 20, text.end());
  words.insert(words.end(), question.begin(), question.end());
  for (const context::Attended& place : context->attended()) EXPECT_LE(place.first + place.tokens, 480);
  EXPECT_EQ(hidden(*context), full(prompt(*context, {}, text, words)));
}

TEST_F(RecallMethod, AnAnswerWithoutTheTextIsRefused) {
  for (const bool long_conversation : {true, false}) {
    context::Options given = options();
    if (!long_conversation) given.recalled = 11;  // less than a place
    const auto context = context::make(given, tiny_.model);
    context->begin_text();
    context->append(tokens(300, 2));
    context->end_text();
    context->append(tokens(long_conversation ? 380 : 10, 3));
    context->end_prompt();
    try {
      run(*context);
      ADD_FAILURE() << long_conversation;
    } catch (const Error& error) {
      EXPECT_EQ(error.field(), "recalled");
    }
  }
}

TEST_F(RecallMethod, WithoutHeadsItSaysWhatIsMissing) {
  context::Options given = options();
  given.heads.clear();
  EXPECT_GT(context::bytes_needed(given, tiny_.model->spec(), 1000), 0);
  try {
    context::make(given, tiny_.model);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_EQ(error.field(), "heads");
  }
  EXPECT_THROW(context::alone(options(), tiny_.model, cancel_)->read(tokens(5, 1), [](auto, auto) {}), Error);
}

}  // namespace
}  // namespace focusllm::test
