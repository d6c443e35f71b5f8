#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "eval/report/records.h"
#include "report_sample.h"

namespace focusllm::eval::report {
namespace {

using testing::HasSubstr;

std::string error_of(const std::string& content) {
  const SampleFile file("focusllm-report-broken.jsonl", content);
  try {
    read_results({file.path()});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ReportRecords, OlderLinesAndNewerLines) {
  Json graded = passkey_line("focus", 4096, 50, 1, true);
  graded["score"] = 0.25;  // goes before "right"
  Json old = passkey_line("focus", 4096, 50, 2, true);
  old.erase("run");
  old["machine"] = "An older processor";
  Json without_depth = passkey_line("full", 4096, 0, 0, false);
  without_depth["identity"]["depth"] = nullptr;
  const auto set = results_of({passkey_line("focus", 4096, 50, 0, true), graded, old, without_depth});
  ASSERT_EQ(set.records.size(), 4U);
  EXPECT_EQ(set.records[0].score, 1);
  EXPECT_EQ(set.records[1].score, 0.25);
  EXPECT_EQ(set.records[2].run.machine, "An older processor");
  EXPECT_EQ(set.records[3].depth, std::nullopt);
  EXPECT_EQ(set.records[3].score, 0);
  EXPECT_EQ(set.records[0].read_rate, 2048);
  EXPECT_EQ(set.records[0].generate_rate, 24);
  EXPECT_EQ(set.records[0].setting.sizes.at("chunk"), "256");
  EXPECT_EQ(set.records[0].run.threads, "2");
}

TEST(ReportRecords, ACutLastLineIsCounted) {
  const std::string whole = passkey_line("focus", 4096, 50, 0, true).dump() + "\n";
  for (const std::size_t kept : {std::size_t{1}, std::size_t{40}, whole.size() - 2}) {
    const SampleFile file("focusllm-report-cut.jsonl", whole + whole.substr(0, kept));
    const auto set = read_results({file.path()});
    EXPECT_EQ(set.records.size(), 1U);
    EXPECT_EQ(set.sources[0].lines, 1);
    EXPECT_EQ(set.sources[0].bytes_left_out, static_cast<std::int64_t>(kept));
    EXPECT_EQ(std::filesystem::file_size(file.path()), whole.size() + kept) << "the file stays as it is";
  }
  const SampleFile file("focusllm-report-cut.jsonl", whole.substr(0, whole.size() - 1));
  EXPECT_EQ(read_results({file.path()}).records.size(), 1U) << "only the line's end is missing";
}

TEST(ReportRecords, TheSameMeasurementCountsOnce) {
  Json later = passkey_line("focus", 4096, 50, 0, false);
  later["run"]["machine"] = "another";
  const auto set = results_of({passkey_line("focus", 4096, 50, 0, true), later});
  ASSERT_EQ(set.records.size(), 1U);
  EXPECT_EQ(set.records[0].score, 0);
  EXPECT_EQ(set.repeated, 1);
}

TEST(ReportRecords, NoResultIsAnError) {
  EXPECT_THAT(error_of(""), HasSubstr("no result"));
  EXPECT_THAT(error_of("{\"identity\""), HasSubstr("no result"));
  EXPECT_THROW(read_results({"/nowhere/at/all.jsonl"}), Error);
  EXPECT_THROW(read_results({testing::TempDir()}), Error);
}

TEST(ReportRecords, WhatIsWrongIsSaidWithItsLine) {
  const std::string good = passkey_line("focus", 4096, 50, 0, true).dump() + "\n";
  for (const std::string bad : {"{}", "{\"identity\": 3}"})
    EXPECT_THAT(error_of(good + bad + "\n" + good), HasSubstr("line 2")) << bad;
  EXPECT_THAT(error_of("once upon a time\n{\"identity\""), HasSubstr("line 1"));
  EXPECT_THAT(error_of(std::string(100000, '[') + "\n"), HasSubstr("line 1"));
  std::string deep = good;
  deep.replace(deep.find("256"), 3, std::string(5000, '[') + std::string(5000, ']'));
  EXPECT_THAT(error_of(deep), HasSubstr("line 1"));
}

TEST(ReportRecords, LinesThatAreNoJsonAreLeftOutAndTold) {
  const std::string good = passkey_line("focus", 4096, 50, 0, true).dump() + "\n";
  for (const std::string bad :
       {"once upon a time", "[]", "3", "null", "{\"identity\"", "{\"a\": \"\xff\"}"}) {
    const SampleFile file("focusllm-report-left-out.jsonl", "\n" + bad + "\r\n" + good + " \n");
    const auto set = read_results({file.path()});
    EXPECT_EQ(set.records.size(), 1U) << bad;
    EXPECT_THAT(set.sources[0].lines_left_out, testing::ElementsAre(2)) << bad;
    EXPECT_EQ(set.sources[0].bytes_left_out, 0);
  }
  EXPECT_EQ(left_out_text("a.jsonl", {}), "");
  EXPECT_EQ(left_out_text("a.jsonl", {7}), "a.jsonl: line 7 is no JSON object and left out");
  EXPECT_THAT(left_out_text("a.jsonl", {1, 2, 3, 4, 5, 6}), HasSubstr("6 lines"));
  EXPECT_THAT(left_out_text("a.jsonl", {1, 2, 3, 4, 5, 6}), HasSubstr("1, 2, 3, 4, 5, ..."));
}

TEST(ReportRecords, WhatPythonWritesIsRead) {
  const std::string line =
      R"({"identity": {"task": "t", "variant": "caf\ud83d", "depth": NaN}, "score": 1, "read_seconds": Infinity})";
  const SampleFile file("focusllm-report-python.jsonl", line + "\n");
  const auto set = read_results({file.path()});
  ASSERT_EQ(set.records.size(), 1U);
  EXPECT_EQ(set.records[0].variant, "caf\ufffd");
  EXPECT_EQ(set.records[0].depth, std::nullopt);
  EXPECT_EQ(set.records[0].score, 1);
  const SampleFile none("focusllm-report-python.jsonl", R"({"identity": {"task": "t"}, "nll": -Infinity})");
  EXPECT_THAT(read_results({none.path()}).records[0].error, HasSubstr("neither"));
}

TEST(ReportRecords, ImpossibleValuesAreErrors) {
  const auto with = [](const char* object, const char* key, const Json& value) {
    Json line = passkey_line("focus", 4096, 50, 0, true);
    (*object == '\0' ? line : line[object])[key] = value;
    return error_of(line.dump() + "\n");
  };
  EXPECT_THAT(with("identity", "length", -1), HasSubstr("\"length\" is not from 0"));
  EXPECT_THAT(with("identity", "length", 1.5), HasSubstr("no whole number"));
  EXPECT_THAT(with("identity", "length", 18446744073709551615U), HasSubstr("\"length\""));
  EXPECT_THAT(with("identity", "depth", 101), HasSubstr("\"depth\""));
  EXPECT_THAT(with("identity", "task", 3), HasSubstr("\"task\" is no text"));
  EXPECT_THAT(with("identity", "sizes", "x"), HasSubstr("no JSON object"));
  EXPECT_THAT(with("", "score", 1.01), HasSubstr("\"score\" is not from 0 to 1"));
  EXPECT_THAT(with("", "score", "1"), HasSubstr("no number"));
  EXPECT_THAT(with("", "right", 1), HasSubstr("neither true nor false"));
  EXPECT_THAT(with("", "read_seconds", -1), HasSubstr("\"read_seconds\""));
  EXPECT_THAT(with("", "run", Json::array()), HasSubstr("no JSON object"));
}

TEST(ReportRecords, PromptsWithALengthOfTheirOwnAreGrouped) {
  std::vector<Json> lines;
  for (const int tokens : {5000, 8192, 8193}) {
    lines.push_back(passkey_line("focus", tokens, 0, 0, true));
    lines.back()["identity"].update(Json{{"length", nullptr}, {"depth", nullptr}, {"id", tokens}});
  }
  lines.push_back({{"identity", {{"task", "t"}, {"length", nullptr}}}, {"error", "too long"}});
  std::vector<std::int64_t> lengths;
  for (const Record& record : results_of(lines).records) lengths.push_back(record.length);
  EXPECT_THAT(lengths, testing::ElementsAre(8192, 8192, 16384, 0));
}

TEST(ReportRecords, NoNumberIsNoResult) {
  Json line = perplexity_line("own memory", 1024, "w", 0);
  line["nll"] = nullptr;  // how NaN is written
  EXPECT_THAT(results_of({line}).records[0].error, HasSubstr("neither"));
}

}  // namespace
}  // namespace focusllm::eval::report
