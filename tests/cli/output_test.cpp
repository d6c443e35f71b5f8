#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(Output, FullDiskIsOneLineAndOne) {
  Process::Streams streams;
  streams.output_to = "/dev/full";
  const Ended ended = Process({"--help"}, streams).wait();
  EXPECT_EQ(ended.code, 1);
  EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("full"));
}

/// Exit code of the program as a shell starts it, with what stands behind its name.
int shell(const std::string& rest) {
  return WEXITSTATUS(std::system((std::string(FOCUSLLM_PROGRAM) + " " + rest).c_str()));
}

TEST(Output, AClosedOutputIsAnErrorAndNoFileIsWrittenInItsPlace) {
  EXPECT_EQ(shell("--help >&- 2>/dev/null"), 1);
  EXPECT_EQ(shell("--help >/dev/null 2>&-"), 0);
  MODEL_OR_SKIP(model);
  const TemporaryFile results("");
  const std::string eval = "eval -m '" + model +
                           "' --task passkey --lengths 512 --depths 50 --trials 1 --methods full -o " +
                           results.path() + " >&- 2>/dev/null";
  EXPECT_EQ(shell(eval), 1);
  std::ifstream file(results.path());
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_TRUE(json::accept(line)) << line;
}

TEST(Output, StartsThroughTheDynamicLoader) {
  std::string loader;
  for (const char* path : {"/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"})
    if (::access(path, X_OK) == 0) loader = path;
  if (loader.empty()) GTEST_SKIP() << "no dynamic loader";
  const std::string command =
      "env -u GOMP_SPINCOUNT -u OMP_WAIT_POLICY " + loader + " " FOCUSLLM_PROGRAM " --version";
  std::FILE* output = ::popen(command.c_str(), "r");
  char line[64] = {};
  EXPECT_NE(std::fgets(line, sizeof line, output), nullptr);
  ::pclose(output);
  EXPECT_THAT(line, testing::StartsWith("focusllm "));
}

TEST(Output, ProgressStaysOnOneLineOfANarrowTerminal) {
  MODEL_OR_SKIP(model);
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_TRUE(terminal >= 0 && ::grantpt(terminal) == 0 && ::unlockpt(terminal) == 0);
  winsize size = {};
  size.ws_col = 24;
  size.ws_row = 10;
  ASSERT_EQ(::ioctl(terminal, TIOCSWINSZ, &size), 0);
  std::string text;
  for (int i = 0; i < 1400; ++i) text += "word ";
  const TemporaryFile file(text);
  EXPECT_EQ(
      shell("run -m '" + model + "' -f " + file.path() + " -p why -n 1 >/dev/null 2>" + ::ptsname(terminal)),
      0);
  std::string shown(1 << 16, ' ');
  const ssize_t got = ::read(terminal, shown.data(), shown.size());
  ::close(terminal);
  ASSERT_GT(got, 0);
  shown.resize(static_cast<std::size_t>(got));
  std::size_t lines = 0;
  for (std::size_t at = shown.find("\x1b[K"); at != std::string::npos; ++lines) {
    const std::size_t next = shown.find('\r', at);
    const std::string line = shown.substr(at + 3, std::min(next, shown.size()) - at - 3);
    if (line.starts_with("reading")) {
      EXPECT_LT(line.size(), 24U) << line;
    }
    at = next == std::string::npos ? next : shown.find("\x1b[K", next);
  }
  EXPECT_GT(lines, 2U);
}

TEST(Output, FullDiskWhileAnswering) {
  MODEL_OR_SKIP(model);
  Process::Streams streams;
  streams.output_to = "/dev/full";
  const Ended ended = Process({"run", "-m", model, "--raw", "-p", "Once upon", "-n", "8"}, streams).wait();
  EXPECT_EQ(ended.code, 1);
  EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
}

TEST(Output, ClosedPipeIsQuiet) {
  MODEL_OR_SKIP(model);
  Process process({"run", "-m", model, "--raw", "-p", "Once upon a time", "-n", "400"});
  process.close_output();
  const Ended ended = process.wait();
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.err, "");
}

TEST(Output, RunStreamsTheAnswerOnly) {
  MODEL_OR_SKIP(model);
  const Ended ended = run({"run", "-m", model, "-n", "5", "-p", "Say hello."}, "A short text.\n");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_NE(ended.out, "\n");
  EXPECT_EQ(ended.err, "");
}

TEST(Output, RunJsonHasTheNamesOfTheHelp) {
  MODEL_OR_SKIP(model);
  const Ended ended = run({"run", "-m", model, "--raw", "--temp", "0", "--logprobs", "5", "--json", "-n", "4",
                           "-p", "The capital of France is"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const json answer = json::parse(ended.out);
  EXPECT_EQ(answer.at("method"), "full");
  EXPECT_EQ(answer.at("prompt_tokens"), 5);
  ASSERT_FALSE(answer.at("tokens").empty());
  std::string text;
  for (const auto& token : answer.at("tokens")) {
    text += token.at("text").get<std::string>();
    EXPECT_LE(token.at("logprob"), 0);
    ASSERT_EQ(token.at("top").size(), 5U);
    EXPECT_EQ(token.at("top")[0].at("id"), token.at("id"));  // greedy
    EXPECT_NEAR(token.at("top")[0].at("logprob"), token.at("logprob"), 1e-5);
  }
  EXPECT_EQ(answer.at("text"), text);
  EXPECT_TRUE(answer.at("timings").at("read_seconds").is_number());
  EXPECT_TRUE(answer.at("peak_memory_bytes").is_number());
}

TEST(Output, RunReadsFilesInOrderLikeOneText) {
  MODEL_OR_SKIP(model);
  const TemporaryFile first("One, two,");
  const TemporaryFile second(" three, four,");
  const auto tokens = [&](const std::vector<std::string>& files) {
    std::vector<std::string> arguments = {"run", "-m", model, "--raw", "--json", "-n", "6"};
    for (const auto& file : files) arguments.insert(arguments.end(), {"-f", file});
    // What is fastest is measured by each process, so on a busy machine two may choose differently.
    Process::Streams streams;
    streams.environment = {"FOCUSLLM_ISA=scalar"};
    const Ended ended = Process(arguments, streams).wait();
    EXPECT_EQ(ended.code, 0) << ended.err;
    return json::parse(ended.out).at("tokens");
  };
  const TemporaryFile both("One, two, three, four,");
  EXPECT_EQ(tokens({first.path(), second.path()}), tokens({both.path()}));
}

TEST(Output, RefusesFullBeyondTheTrainedContextBeforeReading) {
  MODEL_OR_SKIP(model);
  std::string text;
  for (int i = 0; i < 9000; ++i) text += " word";
  const TemporaryFile file(text);
  const Ended ended = run({"run", "-m", model, "-f", file.path(), "-p", "x", "--method", "full"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("--method auto"));
}

TEST(Output, TokenizePrintsIdsAndPieces) {
  MODEL_OR_SKIP(model);
  const Ended ids = run({"tokenize", "-m", model, "--json", "-p", "Hello <|im_end|>"});
  ASSERT_EQ(ids.code, 0) << ids.err;
  const json plain = json::parse(ids.out);
  EXPECT_TRUE(plain.is_array());
  EXPECT_GT(plain.size(), 2U);
  EXPECT_EQ(
      json::parse(run({"tokenize", "-m", model, "--json", "-p", "Hello <|im_end|>", "--special"}).out).size(),
      3U);
  EXPECT_EQ(json::parse(run({"tokenize", "-m", model, "--json", "-p", ""}).out), json::array());
  EXPECT_EQ(json::parse(run({"tokenize", "-m", model, "--json"}, "Hello <|im_end|>").out), plain);
  EXPECT_THAT(run({"tokenize", "-m", model, "-p", "Hello"}).out, HasSubstr("\"Hello\""));
  const Ended broken = run({"tokenize", "-m", model, "--json"}, "a\xff");
  EXPECT_EQ(broken.code, 0);
  EXPECT_THAT(broken.err, HasSubstr("byte 1"));
}

TEST(Output, PerplexityJson) {
  MODEL_OR_SKIP(model);
  std::string text;
  for (int i = 0; i < 60; ++i) text += "The cat sat on the mat and looked at the moon. ";
  const TemporaryFile file(text);
  const Ended ended = run({"perplexity", "-m", model, "-f", file.path(), "-c", "128", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  const json result = json::parse(ended.out);
  EXPECT_GT(result.at("ppl"), 1.0);
  EXPECT_GT(result.at("tokens"), 100);
}

TEST(Output, InspectShowsMetadataTensorsAndMemory) {
  MODEL_OR_SKIP(model);
  const Ended ended = run({"inspect", "-m", model, "--json", "--lengths", "4k,64k"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const json result = json::parse(ended.out);
  EXPECT_EQ(result.at("metadata").at("general.architecture"), "llama");
  EXPECT_EQ(result.at("metadata").at("tokenizer.ggml.tokens").at("count"), 49152);
  EXPECT_FALSE(result.at("tensors").empty());
  EXPECT_EQ(result.at("memory").size(), 7U * 2 * 2);
  const json own = result.at("model_memory");
  EXPECT_GT(own.at("weights_bytes"), own.at("file_bytes").get<double>() / 2);
  EXPECT_LT(own.at("weights_bytes"), own.at("file_bytes").get<double>() * 1.25);
  EXPECT_GT(own.at("pass_bytes"), 1 << 20);
  const Ended table = run({"inspect", "-m", model});
  EXPECT_THAT(table.out, HasSubstr("elements, the first"));
  EXPECT_THAT(table.out, HasSubstr("1,048,576"));
}

TEST(Output, BenchJsonAndCsv) {
  MODEL_OR_SKIP(model);
  const std::vector<std::string> arguments = {"bench", "-m", model, "-p",       "64",         "-n",
                                              "4",     "-r", "1",   "--method", "full,infllm"};
  std::vector<std::string> with_json = arguments;
  with_json.emplace_back("--json");
  const Ended ended = run(with_json);
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  const json rows = json::parse(ended.out);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].at("test"), "pp64");
  EXPECT_EQ(rows[1].at("test"), "tg4");
  EXPECT_EQ(rows[3].at("method"), "infllm");
  for (const auto& row : rows) {
    EXPECT_GT(row.at("tokens_per_second"), 0);
    EXPECT_GT(row.at("peak_percent"), 0);
    EXPECT_GT(row.at("weights_bytes"), 1 << 20);
    EXPECT_GT(row.at("peak_memory_bytes"), row.at("weights_bytes"));
    EXPECT_NE(row.at("answer_kernel"), "");
  }
}

}  // namespace
}  // namespace focusllm::cli_test
