// What recall knows of a model: the texts, the choice of heads, and what is kept of it.

#include "focusllm/calibration.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "context/recall/heads.h"
#include "engine/calibration/known.h"
#include "engine/calibration/measured.h"
#include "engine/calibration/search.h"
#include "engine/calibration/texts.h"
#include "engine/parts.h"
#include "focusllm/session.h"
#include "support/tiny_engine.h"

namespace focusllm::test {
namespace {

namespace fs = std::filesystem;
using calibration::Case;
using calibration::Kind;
using context::HeadGroup;

std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')) {
      word += lower;
    } else if (!word.empty()) {
      if (word.size() > 3) words.insert(word);
      word.clear();
    }
  }
  return words;
}

TEST(CalibrationTexts, HideWhatTheyAskFor) {
  std::size_t bytes = 0;
  for (const Kind kind : calibration::kKinds) {
    std::size_t asked = 0;
    for (const calibration::Passage& passage : calibration::make_text(kind)) {
      bytes += passage.text.size();
      if (passage.question.empty()) continue;
      ++asked;
      std::set<std::string> shared;
      const auto fact = words_of(passage.text), question = words_of(passage.question);
      std::ranges::set_intersection(fact, question, std::inserter(shared, shared.end()));
      shared.erase("which");
      EXPECT_EQ(shared.empty(), kind == Kind::paraphrases) << passage.text << passage.question;
    }
    EXPECT_GE(asked, 10U);
    EXPECT_EQ(calibration::make_text(kind).back().text, calibration::make_text(kind).back().text);
    EXPECT_NE(calibration::make_text(kind, 1).front().text, calibration::make_text(kind, 2).front().text);
  }
  EXPECT_LT(bytes, 120000U);
  EXPECT_GT(bytes, 60000U);
}

Case with(Kind kind, std::size_t right, const std::vector<std::vector<float>>& scores) {
  return {kind, right, right + 1, scores};
}

TEST(CalibrationSearch, TakesHeadsThatCompleteEachOther) {
  // Head 0 finds facts and is sure of the wrong thing elsewhere; head 1 finds paraphrases, not sure; 2:
  // nothing.
  const std::vector<float> none(20, 0.01F);
  const auto peak = [&](std::size_t at, float score) {
    auto scores = none;
    scores[at] = score;
    return scores;
  };
  std::vector<Case> cases;
  for (std::size_t i = 0; i < 5; ++i) {
    cases.push_back(with(Kind::facts, i, {peak(i, 0.9F), none, none}));
    cases.push_back(with(Kind::pairs, i, {peak(i, 0.9F), none, none}));
    auto wrong = none;
    for (std::size_t other = 8; other < 18; ++other) wrong[other] = 0.2F;
    cases.push_back(with(Kind::paraphrases, i, {wrong, peak(i, 0.3F), none}));
  }
  const std::vector<context::QueryHead> heads{{1, 0}, {2, 1}, {0, 0}};
  const auto chosen = calibration::choose_heads(cases, heads, 40, 1);
  const Gain gain = calibration::gain_of(cases, heads, chosen);
  EXPECT_DOUBLE_EQ(gain.facts, 1);
  EXPECT_DOUBLE_EQ(gain.pairs, 1);
  EXPECT_DOUBLE_EQ(gain.paraphrases, 1);
  const std::vector<HeadGroup> first{{{heads[0]}}};
  EXPECT_LT(calibration::gain_of(cases, heads, first).paraphrases, 0.4);
}

TEST(CalibrationSearch, HeadsThatAgreeAreSurerTogether) {
  // Heads 0 and 1 read one key head; each looks at the right block, and as much at another one of its own.
  const auto looks = [](std::size_t right, std::size_t wrong) {
    std::vector<float> scores(50, 0.01F);
    for (std::size_t i = 0; i < 4; ++i) scores[(wrong + i) % 50] = 0.3F;
    scores[right] = 0.3F;
    return scores;
  };
  std::vector<Case> cases;
  for (std::size_t i = 0; i < 12; ++i)
    for (const Kind kind : calibration::kKinds)
      cases.push_back(with(kind, i, {looks(i, i + 15), looks(i, i + 30), std::vector<float>(50, 0.1F)}));
  const std::vector<context::QueryHead> heads{{1, 0}, {1, 1}, {1, 2}};
  const auto chosen = calibration::choose_heads(cases, heads, 40, 3);
  ASSERT_EQ(chosen.size(), 1U);
  ASSERT_EQ(chosen.front().heads.size(), 2U);
  EXPECT_EQ(chosen.front().heads[0].head, 0);
  EXPECT_EQ(chosen.front().heads[1].head, 1);
  EXPECT_NEAR(chosen.front().heads[0].share, chosen.front().heads[1].share, 0.1);
  EXPECT_DOUBLE_EQ(calibration::gain_of(cases, heads, chosen).mean(), 1);
  const std::vector<HeadGroup> alone{{{heads[0]}}};
  EXPECT_LT(calibration::gain_of(cases, heads, alone).mean(), 0.9);
}

TEST(CalibrationSearch, AHeadThatIsSureOrSilentCountsByAPower) {
  // Head 1 is sure of facts. Asked for paraphrases it is wrong, and louder than head 0, which knows those.
  const auto peak = [](std::size_t at, float score, float rest) {
    std::vector<float> scores(50, rest);
    scores[at] = score;
    return scores;
  };
  std::vector<Case> cases;
  for (std::size_t i = 0; i < 5; ++i) {
    for (const Kind kind : {Kind::facts, Kind::pairs})
      cases.push_back(with(kind, i, {peak(i + 20, 0.1F, 0.08F), peak(i, 0.6F, 0.01F)}));
    cases.push_back(with(Kind::paraphrases, i, {peak(i, 0.02F, 0.002F), peak(i, 0.0F, 0.03F)}));
  }
  const std::vector<context::QueryHead> heads{{1, 0}, {1, 1}};
  const auto chosen = calibration::choose_heads(cases, heads, 40, 1);
  ASSERT_EQ(chosen.size(), 2U);
  EXPECT_DOUBLE_EQ(calibration::gain_of(cases, heads, chosen).mean(), 1);
  EXPECT_EQ(chosen[0].heads.front().head, 0);
  EXPECT_GT(chosen[1].power, 1) << context::format_heads(chosen);
}

TEST(CalibrationSearch, ADeepHeadHasToBeWorthItsLayers) {
  std::vector<float> found(20, 0.1F), nearly(20, 0.1F);
  found[3] = nearly[3] = 0.9F;
  std::vector<Case> cases;
  for (const Kind kind : calibration::kKinds) cases.push_back(with(kind, 3, {found, nearly}));
  const std::vector<context::QueryHead> heads{{30, 0}, {3, 0}};
  const auto chosen = calibration::choose_heads(cases, heads, 32, 1);
  ASSERT_EQ(chosen.size(), 1U);
  EXPECT_EQ(chosen.front().heads, (std::vector<context::QueryHead>{{3, 0}}));
}

TEST(CalibrationSearch, HeadsThatFindNothingAreNone) {
  std::vector<Case> cases;
  for (const Kind kind : calibration::kKinds)
    cases.push_back(with(kind, 3, {std::vector<float>(50, 0.5F), std::vector<float>(50, 0.0F)}));
  const std::vector<context::QueryHead> heads{{0, 0}, {0, 1}};
  EXPECT_TRUE(calibration::choose_heads(cases, heads, 4, 1).empty());
  EXPECT_TRUE(calibration::choose_heads({}, heads, 4, 1).empty());
  EXPECT_TRUE(calibration::choose_heads(cases, {}, 4, 1).empty());
}

class CalibrationCache : public testing::Test {
 protected:
  CalibrationCache() {
    std::string name = (fs::temp_directory_path() / "focusllm-heads.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    ::setenv("XDG_CACHE_HOME", folder_.c_str(), 1);
  }
  ~CalibrationCache() override {
    ::unsetenv("XDG_CACHE_HOME");
    fs::remove_all(folder_);
  }
  fs::path entry() const { return folder_ / "focusllm" / "heads" / hash_; }

  fs::path folder_;
  const std::string hash_ = std::string(32, 'a');
};

TEST_F(CalibrationCache, GivesBackWhatWasKept) {
  EXPECT_FALSE(calibration::kept(hash_));
  calibration::keep(hash_, {"8.0,15.6*0.3", {0.5, 0.25, 0.125}, {}});
  const auto known = calibration::kept(hash_);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->heads, "8.0,15.6*0.3");
  EXPECT_DOUBLE_EQ(known->gain.pairs, 0.25);
  calibration::keep(hash_, {"", {}, {}});
  ASSERT_TRUE(calibration::kept(hash_));
  EXPECT_EQ(calibration::kept(hash_)->heads, "");
  for (const char* broken :
       {"", "2", "2 8.0", "2 8.0 1 1", "2 8;0 1 1 1", "1 8.0 1 1 1", "x 8.0 1 1 1", "2  \xff\xff 1 1 1"}) {
    std::ofstream(entry()) << broken;
    EXPECT_FALSE(calibration::kept(hash_)) << broken;
  }
}

TEST_F(CalibrationCache, AModelWithoutUsefulHeadsIsMeasuredOnceAndSaid) {
#ifdef FOCUSLLM_SANITIZE
  GTEST_SKIP() << "minutes; context_test reads and scores, and the search has tests of its own";
#endif
  const TinyEngine tiny;  // to whose tokenizer all words are alike
  EXPECT_FALSE(known_calibration(*tiny.engine));
  int told = 0;
  const auto session = [&](const char* method) {
    Session::Options options;
    options.raw = true;
    options.context.method = method;
    options.on_calibration = [&](const Progress& progress) {
      ++told;
      EXPECT_LE(progress.done, progress.total);
    };
    return Session(tiny.engine, std::move(options));
  };
  AskOptions ask;
  ask.max_tokens = 1;
  auto recall = session("recall");
  try {
    recall.read_tokens(tiny.tokens(700, 1));
    recall.ask("", ask);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "method");
  }
  EXPECT_GT(told, 0);
  ASSERT_TRUE(known_calibration(*tiny.engine));
  EXPECT_EQ(known_calibration(*tiny.engine)->heads, "");
  told = 0;
  auto automatic = session("auto");
  automatic.expect(700);
  automatic.read_tokens(tiny.tokens(700, 1));
  automatic.ask("", ask);
  EXPECT_EQ(automatic.method(), "infllm");
  EXPECT_EQ(told, 0);
}

/// As many cases as there are questions, in all of which the one head of `heads` finds the right block.
std::vector<Case> found_by(std::size_t head, std::size_t heads, Kind kind) {
  std::vector<Case> cases;
  for (const calibration::Passage& passage : calibration::make_text(kind)) {
    if (passage.question.empty()) continue;
    const std::size_t right = cases.size() % 20;
    std::vector<std::vector<float>> scores(heads, std::vector<float>(20, 0.125F));
    scores[head][right] = 0.875F;
    cases.push_back({kind, right, right + 1, std::move(scores)});
  }
  return cases;
}

TEST_F(CalibrationCache, WhatATextSaidIsKeptUntilTheWholeIsDone) {
  const std::vector<Case> cases = found_by(1, 3, Kind::pairs);
  EXPECT_FALSE(calibration::measured(hash_, 1, 3));
  calibration::keep_measured(hash_, 1, cases);
  const auto read = calibration::measured(hash_, 1, 3);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ((*read)[i].first, cases[i].first);
    EXPECT_EQ((*read)[i].last, cases[i].last);
    EXPECT_EQ((*read)[i].scores, cases[i].scores);
  }
  EXPECT_FALSE(calibration::measured(hash_, 1, 7));
  EXPECT_FALSE(calibration::measured(hash_, 0, 3));
  const fs::path file = calibration::entry_of(hash_, ".1");
  fs::resize_file(file, fs::file_size(file) - 1);
  EXPECT_FALSE(calibration::measured(hash_, 1, 3));
  std::ofstream(file) << "none";
  EXPECT_FALSE(calibration::measured(hash_, 1, 3));
  calibration::forget_measured(hash_);
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(CalibrationCache, GoesOnBehindTheTextsThatWereMeasured) {
  const TinyEngine tiny;
  const std::string hash = tiny.engine->model_hash();
  const auto heads = context::all_heads(spec_of(*tiny.engine));
  for (std::size_t text = 0; text < std::size(calibration::kTexts); ++text)
    calibration::keep_measured(hash, text, found_by(1, heads.size(), calibration::kTexts[text].kind));
  const CancelToken cancel;
  const Calibration found = calibrate(*tiny.engine, cancel, [](const Progress&) { ADD_FAILURE() << "read"; });
  const HeadGroup alone{{heads[1]}};
  EXPECT_EQ(found.heads, context::format_heads(std::span(&alone, 1)));
  EXPECT_DOUBLE_EQ(found.gain.mean(), 1);
  for (std::size_t text = 0; text < std::size(calibration::kTexts); ++text)
    EXPECT_FALSE(calibration::measured(hash, text, heads.size()));
  EXPECT_EQ(known_calibration(*tiny.engine)->heads, found.heads);
}

TEST_F(CalibrationCache, StopsWhenCancelledAndKeepsNothing) {
  const TinyEngine tiny;
  CancelToken cancel;
  EXPECT_THROW(calibrate(*tiny.engine, cancel, [&](const Progress&) { cancel.cancel(); }), Cancelled);
  EXPECT_FALSE(known_calibration(*tiny.engine));
}

}  // namespace
}  // namespace focusllm::test
