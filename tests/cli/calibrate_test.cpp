// The heads that the method recall reads with.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using testing::HasSubstr;

TEST(Calibrate, KnowsTheModelsThatTheProjectFetches) {
  MODEL_OR_SKIP(model);
  const Ended text = run({"calibrate", "-m", model});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("2.4:0.14+9.0:0.69+9.2:0.17,8.0:0.9+8.1:0.1*5^2"));
  const Ended json = run({"calibrate", "-m", model, "--json"});
  const auto found = nlohmann::json::parse(json.out);
  EXPECT_EQ(found.at("heads"), "2.4:0.14+9.0:0.69+9.2:0.17,8.0:0.9+8.1:0.1*5^2");
  EXPECT_GE(found.at("gain").at("facts"), 0.9);
}

TEST(Calibrate, WhatRecallFindsIsCited) {
  MODEL_OR_SKIP(model);
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += fmt::format("On day {} the caravan went on through the hills, and nobody found water.\n", i);
    if (i == 20) text += "The camel of Yusuf Harrad is called Marigold.\n";
  }
  const TemporaryFile file(text);
  const Ended ended = run({"run", "-m", model, "--no-adapter", "--method", "recall", "-f", file.path(), "-p",
                           "What is the camel of Yusuf Harrad called?", "-n", "32", "--cite", "1", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto answer = nlohmann::json::parse(ended.out);
  EXPECT_EQ(answer.at("method"), "recall");
  EXPECT_THAT(answer.at("text").get<std::string>(), HasSubstr("Marigold"));
  EXPECT_THAT(answer.at("citations").at(0).at("quote").get<std::string>(), HasSubstr("Marigold"));
}

TEST(Calibrate, HeadsThatAreNoneAreRefusedBeforeReading) {
  MODEL_OR_SKIP(model);
  for (const char* heads : {"30.0", "0.9", "x", "1.2,"}) {
    const Ended ended =
        run({"run", "-m", model, "--method", "recall", "--heads", heads, "-p", "Hello", "-n", "1"});
    EXPECT_NE(ended.code, 0) << heads;
    EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("--heads"));
  }
}

}  // namespace
}  // namespace focusllm::cli_test
