#include "eval/passkey.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/engine.h"

namespace focusllm::eval {
namespace {

using testing::HasSubstr;

class Passkey : public testing::Test {
 protected:
  void SetUp() override {
    const std::string path = FOCUSLLM_SOURCE_DIR "/models/SmolLM2-135M-Instruct.Q4_1.gguf";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no model: make models";
    file_ = gguf::File::open(path);
    tokenizer_ = Tokenizer::load(*file_);
  }
  std::string text(const PasskeyPrompt& prompt) const {
    StreamDecoder decoder(*tokenizer_);
    std::string text;
    for (const Token token : prompt.tokens) text += decoder.add(token);
    return text + decoder.finish();
  }
  std::shared_ptr<const gguf::File> file_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

int count(const std::string& text, const std::string& what) {
  int found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

const std::string kTask = "There is an important info hidden inside a lot of irrelevant text.";
const std::string kQuestion = "What is the pass key? The pass key is";

TEST_F(Passkey, IsThePublishedPrompt) {
  const PasskeyMaker focus(*tokenizer_, {PasskeyTask::Layout::focus, "", 0});
  const PasskeyMaker dca(*tokenizer_, {PasskeyTask::Layout::dca, "", 0});
  for (const std::int64_t length : {200, 1000, 5000}) {
    for (const double depth : {0.0, 0.37, 1.0}) {
      for (const auto* maker : {&focus, &dca}) {
        const PasskeyPrompt prompt = maker->make(length, depth, 7);
        const std::string words = text(prompt);
        EXPECT_NEAR(static_cast<double>(prompt.tokens.size()), static_cast<double>(length),
                    0.02 * static_cast<double>(length) + 4);
        const std::string line =
            "\nThe pass key is " + prompt.key + ". Remember it. " + prompt.key + " is the pass key.\n";
        EXPECT_EQ(count(words, line), 1) << words;
        EXPECT_TRUE(words.ends_with(kQuestion));
        EXPECT_EQ(count(words, kTask), 1);
        EXPECT_EQ(words.starts_with(kTask), maker == &dca);
        const double place = static_cast<double>(words.find(line)) / static_cast<double>(words.size());
        if (length == 5000) {
          EXPECT_NEAR(place, depth, 0.03);
        }
      }
    }
  }
}

TEST_F(Passkey, TheSameSeedIsTheSamePrompt) {
  const PasskeyMaker maker(*tokenizer_, {});
  EXPECT_EQ(maker.make(500, 0.5, 3).tokens, maker.make(500, 0.5, 3).tokens);
  EXPECT_NE(maker.make(500, 0.5, 3).key, maker.make(500, 0.5, 4).key);
}

TEST_F(Passkey, LinesInAHaystackMoveNoOtherToken) {
  std::string hay;
  for (int i = 0; i < 3000; ++i) hay += "word" + std::to_string(i) + " ";
  const PasskeyMaker maker(*tokenizer_, {PasskeyTask::Layout::focus, hay, 9});
  const auto a = maker.make(4000, 0.2, 5);
  const auto b = maker.make(4000, 0.9, 5);
  ASSERT_EQ(a.tokens.size(), b.tokens.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < a.tokens.size(); ++i) different += a.tokens[i] != b.tokens[i] ? 1 : 0;
  EXPECT_LE(different, 80U);  // two places of one line
  EXPECT_EQ(count(text(a), "The pass key is " + a.key + ". Remember it."), 1);
  EXPECT_GE(count(text(a), ". Remember it. "), 6);  // other lines may cover each other
  EXPECT_EQ(count(text(a), "pass key. "), 0);
}

TEST_F(Passkey, NoRoomIsAnErrorWithTheNumbers) {
  const PasskeyMaker maker(*tokenizer_, {});
  EXPECT_THROW(maker.make(40, 0.5, 1), Error);
  const PasskeyMaker small(*tokenizer_, {PasskeyTask::Layout::focus, "A short text.", 0});
  EXPECT_THROW(small.make(1000, 0.5, 1), Error);
  EXPECT_THROW(PasskeyMaker(*tokenizer_, {PasskeyTask::Layout::focus, "", 10}), UsageError);
}

TEST(PasskeyAnswer, IsTheFirstNumber) {
  EXPECT_TRUE(answers(" 12345. The", "12345"));
  EXPECT_TRUE(answers("is 12345", "12345"));
  EXPECT_FALSE(answers(" 123456", "12345"));
  EXPECT_FALSE(answers(" 1 12345", "12345"));
  EXPECT_FALSE(answers("", "12345"));
}

}  // namespace
}  // namespace focusllm::eval
