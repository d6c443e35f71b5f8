#include "focusllm/survey.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/tiny_engine.h"

namespace focusllm::test {
namespace {

class Surveys : public testing::Test {
 protected:
  Surveys() {
    for (int i = 0; i < 40; ++i) {
      for (int j = 0; j < 30; ++j) text_ += "t" + std::to_string(3 + (i * 7 + j * j) % 7);
      text_ += "\n";
    }
    options_.session.raw = true;
    options_.ask.max_tokens = 5;
    options_.part_tokens = 100;
  }
  static const std::shared_ptr<const Engine>& engine() {
    static const TinyEngine tiny(0);
    return tiny.engine;
  }
  std::vector<PartAnswer> run() const { return survey(engine(), {{"text", text_}}, "t5t6", options_); }

  std::string text_;
  SurveyOptions options_;
};

std::vector<Token> ids(const Answer& answer) {
  std::vector<Token> ids;
  for (const GeneratedToken& token : answer.tokens) ids.push_back(token.id);
  return ids;
}

TEST_F(Surveys, AskEachPartAsAlone) {
  std::vector<std::int64_t> heard;
  options_.on_answer = [&](const PartAnswer& one) {
    heard.push_back(one.part.first_byte);
    return true;
  };
  const auto all = run();
  EXPECT_GT(all.size(), 10U);
  EXPECT_EQ(heard.size(), all.size());
  EXPECT_TRUE(std::is_sorted(heard.begin(), heard.end()));
  for (const PartAnswer& one : all) {
    Session session(engine(), options_.session);
    session.read(std::string_view(text_).substr(static_cast<std::size_t>(one.part.first_byte),
                                                static_cast<std::size_t>(one.part.bytes)));
    EXPECT_EQ(ids(one.answer), ids(session.ask("t5t6", options_.ask)));
    EXPECT_EQ(one.answer.tokens.size(), 5U);
  }
}

TEST_F(Surveys, GiveTheSameHoweverManyAtOnce) {
  const auto all = run();
  for (const int at_once : {1, 3, 100}) {
    options_.at_once = at_once;
    const auto again = run();
    ASSERT_EQ(again.size(), all.size());
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(ids(again[i].answer), ids(all[i].answer));
  }
}

TEST_F(Surveys, Stop) {
  int heard = 0;
  options_.on_answer = [&](const PartAnswer&) { return ++heard < 3; };
  EXPECT_THROW(run(), Cancelled);
  EXPECT_EQ(heard, 3);
  CancelToken cancel;
  options_.session.cancel = &cancel;
  options_.on_answer = [&](const PartAnswer&) {
    cancel.cancel();
    return true;
  };
  EXPECT_THROW(run(), Cancelled);
}

TEST_F(Surveys, ThrowWhatAPartThrew) {
  options_.session.context.method = "dca";
  options_.session.context.chunk = -5;
  EXPECT_THROW(run(), UsageError);
}

TEST_F(Surveys, OfNothingAreEmpty) {
  text_ = "\n";
  EXPECT_TRUE(run().empty());
}

}  // namespace
}  // namespace focusllm::test
