#include <gtest/gtest.h>

#include "base/error.h"
#include "eval/tasks/hidden_number.h"
#include "eval/with_tokenizer.h"

namespace focusllm::eval {
namespace {

class Passkey : public WithTokenizer {
 protected:
  HiddenNumberTask task(Layout layout, const std::string& text = "", int distractors = 0) const {
    const auto haystack = std::make_shared<const Haystack>(*tokenizer_, NamedText{"hay", text});
    return {haystack, passkey_number(), layout, distractors};
  }
};

const std::string kTask = "There is an important info hidden inside a lot of irrelevant text.";
const std::string kQuestion = "What is the pass key? The pass key is";

TEST_F(Passkey, IsThePublishedPrompt) {
  const HiddenNumberTask focus = task(Layout::focus), dca = task(Layout::dca);
  for (const std::int64_t length : {200, 1000, 5000}) {
    for (const double depth : {0.0, 0.37, 1.0}) {
      for (const auto* maker : {&focus, &dca}) {
        const Prompt prompt = maker->make({length, depth, 7, 1});
        const std::string words = text(prompt);
        EXPECT_EQ(std::ssize(prompt.tokens), length);
        const std::string line = "\nThe pass key is " + prompt.expected[0] + ". Remember it. " +
                                 prompt.expected[0] + " is the pass key.\n";
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
  const HiddenNumberTask maker = task(Layout::focus);
  EXPECT_EQ(maker.make({500, 0.5, 3, 1}).tokens, maker.make({500, 0.5, 3, 2}).tokens);
  EXPECT_NE(maker.make({500, 0.5, 3, 1}).expected, maker.make({500, 0.5, 4, 1}).expected);
}

TEST_F(Passkey, LinesInAHaystackMoveNoOtherToken) {
  std::string hay;
  for (int i = 0; i < 3000; ++i) hay += "word" + std::to_string(i) + " ";
  const HiddenNumberTask maker = task(Layout::focus, hay, 9);
  const auto a = maker.make({4000, 0.2, 5, 1});
  const auto b = maker.make({4000, 0.9, 5, 1});
  ASSERT_EQ(a.tokens.size(), 4000U);
  ASSERT_EQ(b.tokens.size(), 4000U);
  std::size_t different = 0;
  for (std::size_t i = 0; i < a.tokens.size(); ++i) different += a.tokens[i] != b.tokens[i] ? 1 : 0;
  EXPECT_LE(different, 80U);  // two places of one line
  EXPECT_EQ(count(text(a), "The pass key is " + a.expected[0] + ". Remember it."), 1);
  EXPECT_GE(count(text(a), ". Remember it. "), 6);  // other lines may cover each other
  EXPECT_EQ(count(text(a), "pass key. "), 0);
}

TEST_F(Passkey, NoRoomIsAnErrorWithTheNumbers) {
  EXPECT_THROW(task(Layout::focus).make({40, 0.5, 1, 1}), Error);
  EXPECT_THROW(task(Layout::focus, "A short text.").make({1000, 0.5, 1, 1}), Error);
  EXPECT_THROW(task(Layout::focus, "", 10), UsageError);
}

TEST_F(Passkey, ANumberStringHasTenDigitsAndRepeatsFive) {
  const HiddenNumberTask maker(std::make_shared<const Haystack>(*tokenizer_, NamedText{}), number_string(),
                               Layout::dca, 0);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Prompt prompt = maker.make({400, 0.5, seed, 1});
    const std::string& number = prompt.expected.at(0);
    EXPECT_EQ(number.size(), 10U);
    int repeated = 0;
    for (std::size_t i = 1; i < number.size(); ++i) repeated += number[i] == number[i - 1] ? 1 : 0;
    EXPECT_GE(repeated, 5) << number;
    const std::string words = text(prompt);
    EXPECT_EQ(count(words, "\nThe sequence of digits is " + number + ". Remember it. " + number +
                               " is the sequence of digits.\n"),
              1);
    EXPECT_TRUE(words.ends_with("What is the sequence of digits? The sequence of digits is"));
    EXPECT_EQ(prompt.metric(" " + number + ".", prompt.expected), 1);
  }
}

}  // namespace
}  // namespace focusllm::eval
