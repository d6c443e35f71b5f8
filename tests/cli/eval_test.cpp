#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using testing::HasSubstr;

const std::string kLine =
    R"({"identity": {"task": "passkey", "method": "focus", "length": 4096, "depth": 50}, "right": true})"
    "\n";

TEST(Eval, ReportIsAPageAndATable) {
  const TemporaryFile results(kLine + "{\"identity\": {\"ta"), page(""), csv("");
  const Ended ended = run({"eval", "report", results.path(), "-o", page.path(), "--csv", csv.path()});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out + ended.err, "");
  EXPECT_THAT(read_file(page.path()), HasSubstr("17 bytes of it are left out"));
  EXPECT_THAT(read_file(csv.path()), HasSubstr("passkey,,,,,focus,,,4096,50,score,1,1,"));
  EXPECT_EQ(read_file(results.path()).size(), kLine.size() + 17);
}

TEST(Eval, ReportTellsLinesThatAreNoJson) {
  const TemporaryFile results(kLine + "broken\n"), page("");
  const Ended ended = run({"eval", "report", results.path(), "-o", page.path()});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(": line 2 is no JSON object and left out"));
  EXPECT_THAT(read_file(page.path()), HasSubstr("line 2 is no JSON object and left out"));
}

TEST(Eval, ReportWithoutResultsIsOneLineAndOne) {
  const TemporaryFile empty(""), broken("once upon a time\n"), page("");
  for (const auto& path : {empty.path(), broken.path(), std::string("/nowhere.jsonl")}) {
    const Ended ended = run({"eval", "report", path, "-o", page.path()});
    EXPECT_EQ(ended.code, 1);
    EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
    EXPECT_EQ(read_file(page.path()), "") << "nothing is written";
  }
}

TEST(Eval, ReportWritesOverNoResults) {
  const TemporaryFile results(kLine), page("");
  for (const std::vector<std::string>& outputs : {std::vector<std::string>{"-o", results.path()},
                                                  {"-o", page.path(), "--csv", results.path()},
                                                  {"-o", page.path(), "--csv", page.path()}}) {
    std::vector<std::string> arguments = {"eval", "report", results.path()};
    arguments.insert(arguments.end(), outputs.begin(), outputs.end());
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, 2);
    EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
  }
  EXPECT_EQ(read_file(results.path()), kLine);
}

TEST(Eval, WrongUse) {
  const Ended ended = run({"eval", "report"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("focusllm eval report --help"));
  EXPECT_EQ(run({"eval", "report", "x.jsonl"}).code, 2);
  for (const char* depths : {"0,150", "-10", "nan"})
    EXPECT_EQ(run({"eval", "-m", "x", std::string("--depths=") + depths}).code, 2) << depths;
  EXPECT_THAT(run({"eval", "--help"}).out, HasSubstr("report"));
  EXPECT_THAT(run({"eval", "report", "--help"}).out, HasSubstr("--csv"));
}

TEST(Eval, AnotherKindOfFileIsNotWrittenTo) {
  const TemporaryFile notes("my notes");
  const Ended ended = run({"eval", "-m", "/nowhere.gguf", "-o", notes.path()});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("is no result"));
  EXPECT_EQ(read_file(notes.path()), "my notes");
}

TEST(Eval, EveryResultSaysWhereItComesFrom) {
  MODEL_OR_SKIP(model);
  const TemporaryFile results("");
  const Ended ended = run({"eval", "-m", model, "--methods", "full", "--lengths", "256", "--depths", "50",
                           "-t", "2", "-o", results.path()});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto line = nlohmann::json::parse(read_file(results.path()));
  const auto& run_of_it = line.at("run");
  EXPECT_EQ(run_of_it.at("threads"), 2);
  EXPECT_EQ(run_of_it.at("model_file"), "SmolLM2-135M-Instruct.Q4_1.gguf");
  EXPECT_EQ(run_of_it.at("model_hash").get<std::string>().size(), 32U);
  for (const char* key : {"machine", "isa", "commit", "version", "time"})
    EXPECT_NE(run_of_it.at(key).get<std::string>(), "") << key;
  EXPECT_FALSE(line.at("identity").contains("run"));
}

}  // namespace
}  // namespace focusllm::cli_test
