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

}  // namespace
}  // namespace focusllm::cli_test
