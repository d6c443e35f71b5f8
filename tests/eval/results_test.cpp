#include "eval/results.h"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "eval/summary.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;
using testing::HasSubstr;

class ResultsFile : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(path_); }
  void TearDown() override { std::filesystem::remove(path_); }
  void append(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }
  std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "focusllm-results.jsonl";
};

TEST_F(ResultsFile, GoesOnWhereItStopped) {
  {
    Results results(path_);
    results.add({{"a", 1}}, {{"x", 2}});
  }
  append(R"({"identity": {"a": 2}, "x": 3)");  // cut by a crash
  Results results(path_);
  EXPECT_TRUE(results.has({{"a", 1}}));
  EXPECT_FALSE(results.has({{"a", 2}}));
  results.add({{"a", 2}}, {{"x", 4}});
  EXPECT_EQ(Results(path_).lines().size(), 2U);
  EXPECT_EQ(Results(path_).lines()[1].at("x"), 4);
}

TEST_F(ResultsFile, SaysWhereAResultComesFromOutsideOfItsIdentity) {
  Results results(path_);
  results.add({{"a", 1}}, {{"x", 2}});
  results.describe_run({{"machine", "this one"}});
  results.add({{"a", 2}}, {{"x", 3}});
  EXPECT_FALSE(results.lines()[0].contains("run"));
  const Json run = Results(path_).lines()[1].at("run");
  EXPECT_EQ(run.at("machine"), "this one");
  EXPECT_THAT(run.at("time").get<std::string>(), testing::MatchesRegex("20..-..-..T..:..:..Z"));
  EXPECT_TRUE(Results(path_).has({{"a", 2}}));
}

TEST_F(ResultsFile, AnotherKindOfFileIsLeftAlone) {
  append("once upon a time\n");
  EXPECT_THROW(Results{path_}, Error);
  EXPECT_EQ(std::filesystem::file_size(path_), 17U);
  EXPECT_THROW(Results{"/nowhere/at/all.jsonl"}, Error);
}

TEST(Summary, PairsWindowsAndCountsCells) {
  std::vector<Json> lines;
  for (int window = 0; window < 4; ++window) {
    for (const int length : {0, 4096}) {
      const Json id = {{"task", "perplexity"},
                       {"variant", length == 0 ? "no memory" : "own memory"},
                       {"method", "focus"},
                       {"length", length},
                       {"window", std::to_string(window)}};
      lines.push_back({{"identity", id}, {"nll", 3.0 + window - (length > 0 ? 0.1 : 0.0)}});
    }
  }
  for (int trial = 0; trial < 4; ++trial) {
    const Json id = {{"task", "passkey"}, {"variant", "focus layout"},
                     {"method", "focus"}, {"length", 512},
                     {"depth", 10.0},     {"trial", trial}};
    lines.push_back({{"identity", id}, {"right", trial != 2}});
  }
  for (int trial = 0; trial < 3; ++trial) {
    const Json id = {{"task", "vt"},  {"variant", "1 chain"}, {"method", "full"},
                     {"length", 700}, {"depth", nullptr},     {"trial", trial}};
    const Json outcome = trial == 2 ? Json{{"error", "too long"}} : Json{{"score", 0.25}};
    lines.push_back({{"identity", id}});
    lines.back().update(outcome);
  }
  const std::string text = summary(lines);
  EXPECT_THAT(text, HasSubstr("75.0 %"));
  EXPECT_THAT(text, HasSubstr("10%:3/4"));
  EXPECT_THAT(text, HasSubstr("vt, full 1 chain"));
  EXPECT_THAT(text, HasSubstr("25.0 %      2    1 refused"));
  EXPECT_THAT(text, HasSubstr("-9.52 % (-9.52 to -9.52)"));
}

TEST(Summary, IntervalIsStudents) {
  const Interval interval = interval_of({1, 2, 3});
  EXPECT_DOUBLE_EQ(interval.mean, 2);
  EXPECT_NEAR(interval.half_width, 4.303 / std::sqrt(3.0), 1e-9);
  EXPECT_TRUE(std::isinf(interval_of({1}).half_width));
}

}  // namespace
}  // namespace focusllm::eval
