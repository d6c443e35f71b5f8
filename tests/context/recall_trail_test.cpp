#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "context/recall/trail.h"

namespace focusllm::test {
namespace {

using context::Span;
using context::Trail;
using testing::ElementsAre;
using testing::Pair;

Span span_at(std::int64_t first, double score = 1) {
  return {.first = first, .tokens = 10, .score = score};
}

/// first and last token of each.
std::vector<std::pair<std::int64_t, std::int64_t>> borders(const std::vector<Span>& spans) {
  std::vector<std::pair<std::int64_t, std::int64_t>> borders;
  for (const Span& span : spans) borders.emplace_back(span.first, span.end());
  return borders;
}

const std::vector<Span> kFound{span_at(500, 3), span_at(100, 2), span_at(300, 1), span_at(700, 0.5)};
const std::vector<Span> kClues{{.first = 502, .tokens = 4}, {.first = 103, .tokens = 5}};

TEST(RecallTrail, WithoutStepsIsTheQuestionsPlaces) {
  const Trail trail(kFound, kClues, 0);
  EXPECT_EQ(trail.clue(), nullptr);
  EXPECT_EQ(borders(trail.places()), borders(kFound));
  EXPECT_THAT(borders(trail.in_prompt()),
              ElementsAre(Pair(700, 710), Pair(300, 310), Pair(100, 110), Pair(500, 510)));
  EXPECT_EQ(Trail().clue(), nullptr);
}

TEST(RecallTrail, AsksForSentencesInTurnAndEndsBehindItsSteps) {
  Trail trail(kFound, kClues, 2);
  ASSERT_NE(trail.clue(), nullptr);
  EXPECT_EQ(trail.clue()->first, 502);
  trail.go_on(span_at(400, 9), {.first = 401, .tokens = 3}, 1000);
  EXPECT_EQ(trail.clue()->first, 103);
  trail.give_up();
  EXPECT_EQ(trail.clue()->first, 401);
  trail.go_on(span_at(600), {.first = 602, .tokens = 3}, 1000);
  EXPECT_EQ(trail.clue(), nullptr) << "two steps from the question's place";
  const std::vector<Span> places = trail.places();
  ASSERT_EQ(places.size(), 6U);
  EXPECT_EQ(places[4].first, 400);
  EXPECT_EQ(places[4].score, 3) << "no more than that of the place it follows from";
}

TEST(RecallTrail, StandsInThePromptInTheTextsOrderBehindTheOthers) {
  Trail trail(kFound, kClues, 1);
  trail.go_on(span_at(400), {}, 1000);
  trail.go_on(span_at(50), {}, 1000);
  EXPECT_THAT(borders(trail.in_prompt()), ElementsAre(Pair(700, 710), Pair(300, 310), Pair(50, 60),
                                                      Pair(100, 110), Pair(400, 410), Pair(500, 510)));
  std::int64_t last = 0;
  for (const context::TokenRange& range : trail.tokens()) {
    EXPECT_GE(range.first, last);
    last = range.end;
  }
}

TEST(RecallTrail, ShowsNothingTwice) {
  Trail trail(kFound, kClues, 1);
  trail.go_on({.first = 95, .tokens = 220, .score = 1}, {}, 1000);  // round two places
  trail.go_on({.first = 495, .tokens = 15, .score = 1}, {}, 1000);
  EXPECT_THAT(borders(trail.places()), testing::Contains(Pair(95, 100)));
  EXPECT_THAT(borders(trail.places()), testing::Contains(Pair(495, 500)));
  std::int64_t last = 0;
  for (const context::TokenRange& range : trail.tokens()) {
    EXPECT_GE(range.first, last);
    last = range.end;
  }
  Trail inside(kFound, kClues, 1);
  inside.go_on({.first = 502, .tokens = 5, .score = 1}, {}, 1000);
  EXPECT_EQ(inside.places().size(), 4U);
}

TEST(RecallTrail, TheQuestionsPlacesFromTheThirdOnMakeRoom) {
  Trail trail(kFound, kClues, 2);
  trail.go_on(span_at(400), {.first = 401, .tokens = 3}, 40);
  EXPECT_THAT(borders(trail.places()),
              ElementsAre(Pair(500, 510), Pair(100, 110), Pair(300, 310), Pair(400, 410)));
  trail.go_on(span_at(600), {.first = 602, .tokens = 3}, 40);
  EXPECT_THAT(borders(trail.places()),
              ElementsAre(Pair(500, 510), Pair(100, 110), Pair(400, 410), Pair(600, 610)));
  trail.go_on(span_at(800), {.first = 802, .tokens = 3}, 40);
  EXPECT_EQ(trail.places().size(), 4U);
  EXPECT_EQ(trail.clue()->first, 602) << "one that is not shown leads nowhere";
}

TEST(RecallSentences, AreThoseAroundATokenWithinASpan) {
  context::Choice choice;
  const Span span{.first = 10, .tokens = 40, .score = 2};
  const auto sentence = [&](std::int64_t token) {
    const Span found = context::sentence_in(span, token, choice);
    EXPECT_EQ(found.score, 2);
    return std::pair(found.first, found.end());
  };
  EXPECT_EQ(sentence(20), std::pair(span.first, span.end())) << "no borders are known";
  choice.begins_sentence = [](std::int64_t token) { return token % 15 == 0; };
  EXPECT_THAT(sentence(12), Pair(10, 15));
  EXPECT_THAT(sentence(15), Pair(15, 30));
  EXPECT_THAT(sentence(29), Pair(15, 30));
  EXPECT_THAT(sentence(49), Pair(45, 50));
}

}  // namespace
}  // namespace focusllm::test
