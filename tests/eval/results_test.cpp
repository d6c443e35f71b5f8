#include "eval/results.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "eval/summary.h"
#include "lines_of.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;
using testing::HasSubstr;

class ResultsOfRuns : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(path_); }
  void TearDown() override { std::filesystem::remove(path_); }
  void append(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }
  std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "focusllm-results.jsonl";
};

Json id(int trial) {
  return {{"task", "passkey"}, {"trial", trial}};
}

TEST_F(ResultsOfRuns, GoOnWhereTheyStopped) {
  {
    Results results(path_);
    results.add(id(1), {{"score", 1}});
  }
  append(R"({"identity": {"task": "passkey", "trial": 2}, "score": 0)");  // cut by a crash
  const auto size = std::filesystem::file_size(path_);
  {
    Results results(path_);
    EXPECT_TRUE(results.has(id(1)));
    EXPECT_FALSE(results.has(id(2)));
    EXPECT_EQ(std::filesystem::file_size(path_), size) << "reading changes nothing";
    results.add(id(2), {{"score", 0.5}});
  }
  EXPECT_EQ(lines_of(path_).size(), 2U);
  EXPECT_EQ(lines_of(path_)[1].at("score"), 0.5);
  EXPECT_EQ(Results(path_).records()[1].score, 0.5);
}

TEST_F(ResultsOfRuns, ALastLineWithoutItsEndIsALine) {
  append(R"({"identity": {"task": "passkey", "trial": 1}, "score": 1})");
  {
    Results results(path_);
    EXPECT_TRUE(results.has(id(1)));
    results.add(id(2), {{"score", 0}});
  }
  EXPECT_EQ(Results(path_).records().size(), 2U);
}

TEST_F(ResultsOfRuns, WhatWasRefusedIsTriedAgain) {
  {
    Results results(path_);
    results.add(id(1), {{"error", "too little memory"}});
    EXPECT_FALSE(results.has(id(1)));
    results.add(id(1), {{"error", "too little memory"}});
  }
  Results results(path_);
  EXPECT_EQ(lines_of(path_).size(), 1U) << "the same refusal is not written twice";
  EXPECT_FALSE(results.has(id(1)));
  results.add(id(1), {{"score", 1}});
  EXPECT_TRUE(results.has(id(1)));
  ASSERT_EQ(results.records().size(), 1U);
  EXPECT_EQ(results.records()[0].score, 1);
}

TEST_F(ResultsOfRuns, SayWhereAResultComesFromOutsideOfItsIdentity) {
  {
    Results results(path_);
    results.add(id(1), {{"score", 1}});
    results.describe_run({{"machine", "this one"}});
    results.add(id(2), {{"score", 0}});
    EXPECT_FALSE(lines_of(path_)[0].contains("run"));
  }
  const Results results(path_);
  const Json run = lines_of(path_)[1].at("run");
  EXPECT_EQ(run.at("machine"), "this one");
  EXPECT_THAT(run.at("time").get<std::string>(), testing::MatchesRegex("20..-..-..T..:..:..Z"));
  EXPECT_TRUE(results.has(id(2)));
}

TEST_F(ResultsOfRuns, AnotherKindOfFileIsLeftAlone) {
  const std::string deep = R"({"identity": )" + std::string(100000, '[') + "\n";
  for (const std::string content :
       {"once upon a time\n", "my notes", "{", "{\"a\": 1}", "{\"identity\": {}}\n", deep.c_str(), "\n"}) {
    std::filesystem::remove(path_);
    append(content);
    EXPECT_THROW(Results{path_}, Error) << content;
    EXPECT_EQ(std::filesystem::file_size(path_), content.size()) << content;
  }
  EXPECT_THROW(Results{"/nowhere/at/all.jsonl"}, Error);
  EXPECT_THROW(Results{testing::TempDir()}, Error);
}

TEST_F(ResultsOfRuns, LinesThatAreNoJsonStayAndAreMeasuredAgain) {
  {
    Results results(path_);
    results.add(id(1), {{"score", 1}});
  }
  append("{\"identity\": {\"task\": \"passkey\", \"tri\n\n");
  const auto size = std::filesystem::file_size(path_);
  Results results(path_);
  EXPECT_THAT(results.left_out(), testing::ElementsAre(2));
  EXPECT_TRUE(results.has(id(1)));
  EXPECT_FALSE(results.has(id(2)));
  results.add(id(2), {{"score", 0}});
  EXPECT_GT(std::filesystem::file_size(path_), size);
  EXPECT_EQ(results.records().size(), 2U);
}

TEST_F(ResultsOfRuns, WhatPythonCouldNotMeasureIsMeasuredAgain) {
  append(R"({"identity": {"task": "passkey", "trial": 1}, "score": NaN})"
         "\n"
         R"({"identity": {"task": "passkey", "trial": 2}, "score": 1, "error": null})"
         "\n");
  const Results results(path_);
  EXPECT_FALSE(results.has(id(1)));
  EXPECT_TRUE(results.has(id(2)));
}

TEST_F(ResultsOfRuns, AreWrittenByOneRunAtATime) {
  {
    const Results results(path_);
    EXPECT_THROW(Results{path_}, Error);
  }
  EXPECT_NO_THROW(Results{path_});
}

TEST_F(ResultsOfRuns, LeaveNoEmptyFile) {
  { const Results results(path_); }
  EXPECT_FALSE(std::filesystem::exists(path_));
  append("");
  { const Results results(path_); }
  EXPECT_TRUE(std::filesystem::exists(path_)) << "it was there before";
}

TEST_F(ResultsOfRuns, AFullDiskLeavesWholeLines) {
  Results results("/dev/full");
  EXPECT_THROW(results.add(id(1), {{"score", 1}}), Error);
}

TEST_F(ResultsOfRuns, TextThatIsNoUtf8IsReplaced) {
  Results results(path_);
  results.add({{"task", "needle"}, {"variant", "caf\xe9.txt"}}, {{"score", 1}});
  EXPECT_TRUE(results.has({{"task", "needle"}, {"variant", "caf\xe9.txt"}}));
}

using Records = report::Records;

std::string summary_of(const std::vector<Json>& lines) {
  Records records;
  for (const Json& line : lines) records.add(line, "here");
  return summary(records.all());
}

Json perplexity_line(int window, int length, int scored, const Json& outcome) {
  Json line = {{"identity",
                {{"task", "perplexity"},
                 {"variant", length == 0 ? "no memory" : "own memory"},
                 {"method", "focus"},
                 {"length", length},
                 {"scored", scored},
                 {"window", std::to_string(window)}}}};
  line.update(outcome);
  return line;
}

TEST(Summary, PairsWindowsOfTheSameTask) {
  std::vector<Json> lines;
  for (int window = 0; window < 4; ++window) {
    lines.push_back(perplexity_line(window, 0, 512, {{"nll", 3.0 + window}}));
    lines.push_back(perplexity_line(window, 4096, 512, {{"nll", 2.9 + window}}));
  }
  lines.push_back(perplexity_line(0, 0, 64, {{"nll", 9.0}}));
  lines.push_back(perplexity_line(9, 4096, 512, {{"error", "too long"}}));
  const std::string text = summary_of(lines);
  EXPECT_THAT(text, HasSubstr("-9.52 % (-9.52 to -9.52)  1 refused"));
  EXPECT_THAT(text, HasSubstr("perplexity, focus, scored 512, no memory"));
  EXPECT_THAT(text, HasSubstr("perplexity, focus, scored 64, no memory"));
}

TEST(Summary, ShowsPerplexityThatHasNoPair) {
  const std::string text = summary_of({perplexity_line(0, 4096, 512, {{"nll", 3.0}})});
  EXPECT_THAT(text, HasSubstr("4096         1         -    20.086"));
  EXPECT_THAT(
      summary_of({perplexity_line(0, 4096, 512, {{"nll", 3.0}}), perplexity_line(0, 0, 512, {{"nll", 3.0}})}),
      HasSubstr("+0.00 % (one window)"));
}

Json score_line(int trial, const Json& more, const Json& outcome) {
  Json line = {
      {"identity",
       {{"task", "vt"}, {"variant", "1 chain"}, {"method", "full"}, {"length", 700}, {"trial", trial}}}};
  line["identity"].update(more);
  line.update(outcome);
  return line;
}

TEST(Summary, CountsCells) {
  std::vector<Json> lines;
  for (int trial = 0; trial < 4; ++trial)
    lines.push_back(score_line(trial, {{"depth", 10.0}}, {{"right", trial != 2}}));
  for (int trial = 0; trial < 3; ++trial) {
    lines.push_back(score_line(trial, {{"depth", nullptr}, {"length", 800}},
                               trial == 2 ? Json{{"error", "too long"}} : Json{{"score", 0.25}}));
  }
  lines.push_back(lines.back());
  const std::string text = summary_of(lines);
  EXPECT_THAT(text, HasSubstr("75.0 %"));
  EXPECT_THAT(text, HasSubstr("10%:3/4"));
  EXPECT_THAT(text, HasSubstr("vt, full, 1 chain"));
  EXPECT_THAT(text, HasSubstr("25.0 %      2    1 refused"));
}

TEST(Summary, KeepsModelsAndSizesApart) {
  const std::string text =
      summary_of({score_line(0, {{"model", "A"}, {"model_hash", "12345678ab"}}, {{"score", 1}}),
                  score_line(0, {{"model", "A"}, {"model_hash", "87654321ab"}}, {{"score", 0}}),
                  score_line(0, {{"model", "B"}, {"sizes", {{"chunk", 2}}}}, {{"score", 1}})});
  EXPECT_THAT(text, HasSubstr("full, A 12345678"));
  EXPECT_THAT(text, HasSubstr("full, A 87654321"));
  EXPECT_THAT(text, HasSubstr("full, B, chunk 2"));
  EXPECT_THAT(text, testing::Not(HasSubstr("of 2")));
}

}  // namespace
}  // namespace focusllm::eval
