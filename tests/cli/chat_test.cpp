#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(Chat, AnswersEachLineAndReadsTheTextOnce) {
  MODEL_OR_SKIP(model);
  const TemporaryFile text("The red key opens the garden gate.\n");
  const Ended ended = run({"chat", "-m", model, "-f", text.path(), "-n", "8", "--json"},
                          "What does the red key open?\n\nAnd what colour is it?\n");
  ASSERT_EQ(ended.code, 0) << ended.err;
  std::istringstream lines(ended.out);
  std::string line;
  std::vector<json> answers;
  while (std::getline(lines, line)) answers.push_back(json::parse(line));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_GT(answers[1].at("prompt_tokens"), answers[0].at("prompt_tokens"));
  EXPECT_LT(answers[1].at("timings").at("read_tokens"), answers[0].at("timings").at("read_tokens"));
}

TEST(Chat, BrokenQuestionsAreToldAndTheConversationGoesOn) {
  MODEL_OR_SKIP(model);
  const Ended ended = run({"chat", "-m", model, "-n", "3"}, "a\xff\nSay hello.\n");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("byte 1"));
  EXPECT_NE(ended.out, "");
}

std::string words(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += " word";
  return text;
}

TEST(Chat, AQuestionThatDoesNotFitIsToldAndTheConversationGoesOn) {
  MODEL_OR_SKIP(model);
  const Ended ended = run({"chat", "-m", model, "--method", "full", "-n", "2", "--json"},
                          words(8300) + "\nSay hello.\n" + words(8180) + "\nSay more.\n");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 2) << ended.out;
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 2) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("tokens are left"));
  EXPECT_THAT(ended.err, HasSubstr("--method auto"));
  EXPECT_THAT(ended.err, HasSubstr("begin another"));
}

}  // namespace
}  // namespace focusllm::cli_test
