#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using testing::HasSubstr;

using Arguments = std::vector<std::string>;

/// Wrong use is one line on standard error, nothing on standard output, and 2.
void expect_wrong_use(const Arguments& arguments, const std::string& says) {
  const Ended ended = run(arguments);
  EXPECT_EQ(ended.code, 2) << ended.err;
  EXPECT_EQ(ended.out, "");
  EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(says));
}

TEST(Arguments, HelpAndVersionGoToStandardOutput) {
  for (const Arguments& arguments : {Arguments{"--help"},
                                     {"--version"},
                                     {"run", "--help"},
                                     {"chat", "--help"},
                                     {"serve", "--help"},
                                     {"tokenize", "--help"},
                                     {"perplexity", "--help"},
                                     {"inspect", "--help"},
                                     {"methods"},
                                     {"methods", "--json"},
                                     {"bench", "--help"},
                                     {"eval", "--help"}}) {
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, 0) << arguments.front();
    EXPECT_NE(ended.out, "");
    EXPECT_EQ(ended.err, "");
  }
  EXPECT_THAT(run({"run", "--help"}).out, HasSubstr("--top-k-blocks"));
  EXPECT_THAT(run({"--help"}).out, HasSubstr("FOCUSLLM_ISA"));
}

std::string content(const std::string& file) {
  std::ifstream in(FOCUSLLM_SOURCE_DIR "/" + file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Arguments, TablesOfMethodsInTheDocsAreTheProgramsOwn) {
  const std::string tables = run({"methods", "--markdown"}).out;
  const std::size_t second = tables.find("\n\n");
  ASSERT_NE(second, std::string::npos);
  const std::string methods = tables.substr(0, second + 1), settings = tables.substr(second + 2);
  EXPECT_THAT(content("README.md"), HasSubstr(methods));
  EXPECT_THAT(content("docs/methods.md"), HasSubstr(methods));
  EXPECT_THAT(content("docs/methods.md"), HasSubstr(settings));
}

TEST(Arguments, ErrorsOfTheLibraryNameFlags) {
  const Arguments run_it = {"run", "-m", FOCUSLLM_SOURCE_DIR "/models/SmolLM2-135M-Instruct.Q4_1.gguf", "-p",
                            "y"};
  const std::vector<std::pair<Arguments, std::string>> wrong = {
      {{"--method", "streaming", "--local", "1m"}, "--local 1048576: give a number of tokens from 1 to 8192"},
      {{"--method", "infllm", "--representatives", "17"}, "--representatives 17: give a number from 1 to 16"},
      {{"--method", "infllm", "--block-cache", "3"},
       "(as many as a token sees: --top-k-blocks, --answer-blocks)"}};
  for (const auto& [flags, says] : wrong) {
    Arguments arguments = run_it;
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    expect_wrong_use(arguments, says);
  }
}

TEST(Arguments, WrongUseIsOneLineAndTwo) {
  expect_wrong_use({}, "subcommand");
  expect_wrong_use({"sing"}, "sing");
  expect_wrong_use({"run", "--nonsense"}, "--nonsense");
  expect_wrong_use({"run", "-p", "x"}, "FOCUSLLM_MODEL");
  expect_wrong_use({"chat"}, "FOCUSLLM_MODEL");
  expect_wrong_use({"inspect"}, "FOCUSLLM_MODEL");
  expect_wrong_use({"tokenize", "-p", "x"}, "FOCUSLLM_MODEL");
  expect_wrong_use({"perplexity", "-m", "x"}, "--file");
  expect_wrong_use({"bench", "-m", "x", "--json", "--csv"}, "--json");
  expect_wrong_use({"eval", "-m", "x", "-o", "y", "--task", "sing"}, "some of passkey, number, kv");
  expect_wrong_use({"eval", "-m", "x", "-o", "y", "--task", "kv,ruler"}, "run it alone");
  expect_wrong_use({"eval", "-m", "x", "-o", "y", "--needles", "thread"}, "city");
  expect_wrong_use({"run", "-m"}, "-m");
  expect_wrong_use({"chat", "-m", "x", "-f", "-"}, "standard input");
  expect_wrong_use({"run", "-m", "x", "--raw", "--sys", "be kind", "-p", "y"}, "--raw");
}

TEST(Arguments, WrongValuesNameTheFlag) {
  const Arguments run_it = {"run", "-m", "x", "-p", "y"};
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"--method", "magic"},      {"--kv-type", "f64"},
      {"--product-type", "int2"}, {"--top-p", "1.5"},
      {"--top-p", "nan"},         {"--top-p", "-0.1"},
      {"--min-p", "2"},           {"--temp", "-1"},
      {"--temp", "hot"},          {"--top-k", "-5"},
      {"--repeat-penalty", "0"},  {"--predict", "0"},
      {"--predict", "-3"},        {"--predict", "999999999999999"},
      {"--threads", "-1"},        {"--seed", "-2"},
      {"--local", "-4"},          {"--local", "4g"},
      {"--block", "0"},           {"--initial", "99999999999m"},
      {"--top-k-blocks", "0"},    {"--cite", "0"},
      {"--logprobs", "-1"}};
  for (const auto& [flag, value] : wrong) {
    Arguments arguments = run_it;
    arguments.insert(arguments.end(), {flag, value});
    expect_wrong_use(arguments, flag);
  }
  expect_wrong_use({"bench", "-m", "x", "-p", "12q"}, "12q");
  expect_wrong_use({"bench", "-m", "x", "--method", "full,magic"}, "magic");
  expect_wrong_use({"bench", "-m", "x", "-p", "0", "-n", "0"}, "nothing to measure");
  expect_wrong_use({"bench", "-m", "x", "-r", "0"}, "-r");
  expect_wrong_use({"inspect", "-m", "x", "--lengths", "4k,8g"}, "--lengths");
  expect_wrong_use({"perplexity", "-m", "x", "-f", "y", "-c", "-1"}, "--ctx-size");
}

TEST(Arguments, MissingAndBrokenModelsAreErrors) {
  const TemporaryFile broken("GGUF\x03 and then nonsense");
  const TemporaryFile empty("");
  for (const std::string& model :
       {std::string("/no/such/model.gguf"), std::string("/"), broken.path(), empty.path()}) {
    for (const Arguments& command :
         {Arguments{"run", "-p", "x"}, {"chat"}, {"inspect"}, {"bench"}, {"tokenize", "-p", "x"}}) {
      Arguments arguments = command;
      arguments.insert(arguments.end(), {"-m", model});
      const Ended ended = run(arguments);
      EXPECT_EQ(ended.code, 1) << model << ": " << ended.err;
      EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
      EXPECT_THAT(ended.err, HasSubstr(model));
    }
  }
}

TEST(Arguments, ModelMayComeFromTheEnvironment) {
  Process::Streams streams;
  streams.environment = {"FOCUSLLM_MODEL=/no/such/model.gguf"};
  const Ended ended = Process({"inspect"}, streams).wait();
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("/no/such/model.gguf"));
}

TEST(Arguments, TypesOfProductsMayComeFromTheEnvironment) {
  const auto bench = [](const std::string& variable, const std::string& model, Arguments more) {
    Process::Streams streams;
    streams.environment = {"FOCUSLLM_PRODUCT=" + variable};
    more.insert(more.begin(), {"bench", "-m", model});
    return Process(more, streams).wait();
  };
  const Ended wrong = bench("int4", "/no/such/model.gguf", {});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("int4"));
  for (const char* right : {"auto", "f32", "bf16", "int8"})
    EXPECT_EQ(bench(right, "/no/such/model.gguf", {}).code, 1) << right;
  MODEL_OR_SKIP(model);
  const Arguments one_token = {"-p", "1", "-n", "0", "-r", "1", "--csv"};
  EXPECT_THAT(bench("f32", model, one_token).out, HasSubstr("\"f32\""));
  Arguments with_flag = one_token;
  with_flag.insert(with_flag.end(), {"--product-type", "int8"});
  EXPECT_THAT(bench("f32", model, with_flag).out, HasSubstr("\"int8\"")) << "the flag goes first";
}

}  // namespace
}  // namespace focusllm::cli_test
