// A model file that leaves something out is told about when it is loaded, in one line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Guessed, IsWarnedOfOnceByWhatReadsText) {
  MODEL_OR_SKIP(model);
  const TemporaryFile changed(read_file(model, {{"tokenizer.ggml.pre", "tokenizer.ggml.xxx"}}));
  const TemporaryFile text("One, two, three, four, five, six, seven, eight, nine, ten, eleven.");
  const TemporaryFile results("");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"run", "-p", "Hello", "-n", "1"},
        {"chat", "-n", "1"},
        {"tokenize", "-p", "Hello"},
        {"perplexity", "-f", text.path(), "-c", "8"},
        {"bench", "-p", "8", "-n", "0", "-r", "1"},
        {"eval", "--lengths", "128", "--depths", "50", "--methods", "full", "-o", results.path()}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"-m", changed.path()});
    const Ended ended = run(arguments, command.front() == "chat" ? "Hello\n" : "");
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_TRUE(is_one_line(ended.err)) << command.front() << ": " << ended.err;
    EXPECT_THAT(ended.err, StartsWith("focusllm: warning: " + changed.path() + ": tokenizer.ggml.pre"))
        << command.front();
  }
}

TEST(Guessed, AChatTemplateIsWarnedOfWhereItIsUsed) {
  MODEL_OR_SKIP(model);
  const TemporaryFile changed(read_file(model, {{"<|im_start|>assistant", "<|im_start|>Assistant"}}));
  for (const char* command : {"run", "chat"}) {
    const Ended ended = run({command, "-m", changed.path(), "-n", "1"}, "Hello\n");
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_TRUE(is_one_line(ended.err)) << command << ": " << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("warning: " + changed.path() + ": tokenizer.chat_template"));
  }
  EXPECT_EQ(run({"run", "-m", changed.path(), "-n", "1", "--raw"}, "Hello\n").err, "");
  EXPECT_EQ(json::parse(run({"inspect", "-m", changed.path(), "--json"}).out).at("guessed").size(), 1U);
}

TEST(Guessed, IsShownByInspect) {
  MODEL_OR_SKIP(model);
  const TemporaryFile changed(read_file(model, {{"tokenizer.ggml.pre", "tokenizer.ggml.xxx"}}));
  const Ended page = run({"inspect", "-m", changed.path()});
  EXPECT_EQ(page.err, "");
  EXPECT_THAT(page.out, HasSubstr("\nGuessed\n  tokenizer.ggml.pre is missing"));
  const json guessed = json::parse(run({"inspect", "-m", changed.path(), "--json"}).out).at("guessed");
  ASSERT_EQ(guessed.size(), 1U);
  EXPECT_THAT(guessed[0].get<std::string>(), HasSubstr("tokenizer.ggml.pre"));
  EXPECT_EQ(json::parse(run({"inspect", "-m", model, "--json"}).out).at("guessed"), json::array());
  EXPECT_THAT(run({"inspect", "-m", model}).out, Not(HasSubstr("Guessed")));
}

}  // namespace
}  // namespace focusllm::cli_test
