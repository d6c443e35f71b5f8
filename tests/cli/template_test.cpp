// Models whose chat template is not known, and texts that bring their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

using Arguments = std::vector<std::string>;

std::string without_template(const std::string& model) {
  return read_file(model, {{"tokenizer.chat_template", "tokenizer.chat_xxxxxxxx"}});
}

json prompt_tokens(Arguments arguments) {
  arguments.insert(arguments.end(), {"-n", "1", "--json"});
  const Ended ended = run(arguments);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  return json::parse(ended.out).at("prompt_tokens");
}

TEST(Template, AnUnknownOneNamesTheWaysOut) {
  MODEL_OR_SKIP(model);
  const TemporaryFile bare(without_template(model));
  for (const char* command : {"run", "chat"}) {
    const Ended ended = run({command, "-m", bare.path()}, "Hello\n");
    EXPECT_EQ(ended.code, 1);
    EXPECT_EQ(ended.out, "");
    EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
    EXPECT_THAT(ended.err, AllOf(HasSubstr(bare.path()), HasSubstr("--chat-template chatml, llama2, llama3"),
                                 HasSubstr("mistral-v3-tekken"), HasSubstr("focusllm run --raw")));
  }
  EXPECT_EQ(prompt_tokens(
                {"run", "-m", bare.path(), "--chat-template", "chatml", "--sys", "Be kind.", "-p", "Hello"}),
            prompt_tokens({"run", "-m", model, "--sys", "Be kind.", "-p", "Hello"}));
  EXPECT_EQ(run({"chat", "-m", bare.path(), "--chat-template", "gemma", "-n", "1"}, "Hello\n").code, 0);
}

TEST(Template, WrongUse) {
  for (const Arguments& more :
       {Arguments{"--chat-template", "mistral"}, {"--chat-template", "gemma", "--raw"}, {"--special"}}) {
    Arguments arguments = {"run", "-m", "x", "-p", "y"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, 2) << ended.err;
    EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(more.front()));
  }
  EXPECT_THAT(run({"chat", "-m", "x", "--chat-template", "mistral"}).err,
              HasSubstr("mistral-v1, mistral-v3"));
  for (const char* command : {"run", "chat"})
    EXPECT_THAT(run({command, "--help"}).out, HasSubstr("--chat-template NAME:chatml, llama2")) << command;
}

TEST(Template, ARawTextBringsControlTokensOnlyWhereAsked) {
  MODEL_OR_SKIP(model);
  const std::string text = "<|im_start|>user\nHi<|im_end|>\n", end = "<|im_start|>assistant\n";
  const TemporaryFile file(text);
  const auto tokenized = [&](Arguments more) {
    more.insert(more.begin(), {"tokenize", "-m", model, "--json"});
    return json::parse(run(more).out).size();
  };
  const Arguments raw = {"run", "-m", model, "--raw", "-f", file.path(), "-p", end};
  EXPECT_EQ(prompt_tokens(raw), tokenized({"-p", text}) + tokenized({"-p", end}));
  Arguments special = raw;
  special.emplace_back("--special");
  EXPECT_EQ(prompt_tokens(special),
            tokenized({"-p", text, "--special"}) + tokenized({"-p", end, "--special"}));
  EXPECT_LT(prompt_tokens(special), prompt_tokens(raw));
}

}  // namespace
}  // namespace focusllm::cli_test
