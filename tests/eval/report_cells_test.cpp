#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/report/cells.h"
#include "eval/report/csv.h"
#include "eval/report/labels.h"
#include "eval/report/pairs.h"
#include "report_sample.h"

namespace focusllm::eval::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json with_error(Json line, const std::string& reason) {
  line.erase("right");
  line["error"] = reason;
  return line;
}

TEST(ReportCells, CountScoresErrorsAndMedians) {
  std::vector<Json> lines;
  for (int trial = 0; trial < 4; ++trial) {
    lines.push_back(passkey_line("focus", 4096, 50, trial, trial != 2));
    lines.back()["first_token_seconds"] = trial;
  }
  lines.push_back(with_error(passkey_line("focus", 4096, 50, 4, true), "too long"));
  const auto set = results_of(lines);
  const Cell cell = summarize(all_of(set.records));
  EXPECT_EQ(cell.estimate.count, 4U);
  EXPECT_DOUBLE_EQ(cell.estimate.mean, 0.75);
  EXPECT_EQ(cell.errors.at("too long"), 1U);
  EXPECT_EQ(cell.error_count(), 1U);
  EXPECT_EQ(cell.first_token_seconds, 1) << "of 0, 1, 2, 3 and the 0.5 of the one that failed";
  EXPECT_EQ(cell.read_rate, 2048);
  EXPECT_FALSE(cell.is_perplexity);
}

TEST(ReportCells, SettingsAreNamedByWhatDiffers) {
  Json other = passkey_line("focus", 4096, 50, 0, true), int8 = other,
       full = passkey_line("full", 4096, 50, 0, true);
  other["identity"]["sizes"]["chunk"] = 0;
  int8["identity"]["kv_type"] = "int8";
  const auto set = results_of({passkey_line("focus", 4096, 50, 0, true), other, int8, full});
  const Labels labels(set.records);
  std::vector<std::string> names;
  for (const Record& record : set.records) names.push_back(labels.of(record.setting));
  EXPECT_THAT(names, ElementsAre("focus, auto keys, chunk 256", "focus, auto keys, default chunk",
                                 "focus, int8 keys, chunk 256", "full"));
  EXPECT_NE(labels.style(set.records[0].setting), labels.style(set.records[1].setting));
  EXPECT_EQ(sizes_text(set.records[0].setting), "chunk 256");
}

TEST(ReportCells, ModelsAndAdaptersAreNamedWhereTheyDiffer) {
  Json adapter = passkey_line("focus", 4096, 50, 0, true), model = passkey_line("full", 4096, 50, 0, true);
  adapter["identity"]["adapter"] = "fedcba9876543210";
  model["identity"]["model"] = "Large";
  const auto set = results_of({passkey_line("focus", 4096, 50, 0, true), adapter, model});
  const Labels labels(set.records);
  EXPECT_EQ(labels.of(set.records[0].setting), "focus, Tiny, adapter 01234567");
  EXPECT_EQ(labels.of(set.records[1].setting), "focus, Tiny, adapter fedcba98");
  EXPECT_EQ(labels.of(set.records[2].setting), "full, Large");
}

TEST(ReportCells, DifferencesAreOfTheSameWindows) {
  std::vector<Json> lines;
  const double change[] = {-0.1, -0.2, -0.3};
  for (int i = 0; i < 3; ++i) {
    const std::string window = std::to_string(i);
    lines.push_back(perplexity_line("no memory", 0, window, 3 + i));
    lines.push_back(perplexity_line("own memory", 1024, window, 3 + i + change[i]));
  }
  lines.push_back(perplexity_line("own memory", 1024, "without its pair", 9));
  const auto pairs = paired_differences(all_of(results_of(lines).records));
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].difference.count, 3U);
  EXPECT_NEAR(pairs[0].difference.mean, -0.2, 1e-12);
  EXPECT_NEAR(pairs[0].difference.high, -0.2 + 4.303 * 0.1 / std::sqrt(3.0), 1e-9);
  EXPECT_NEAR(pairs[0].without, std::exp(4.0), 1e-9);
  EXPECT_NEAR(pairs[0].with, std::exp(3.8), 1e-9);
}

TEST(ReportCells, CsvHasARowForEachCell) {
  Json odd = with_error(passkey_line("full", 8192, 50, 0, true), "too \"long\", by far\nat once");
  const std::string csv = report_csv(
      results_of({passkey_line("focus", 4096, 50, 0, true), passkey_line("focus", 4096, 50, 1, false), odd,
                  perplexity_line("no memory", 0, "w", 1)}));
  EXPECT_THAT(
      csv,
      HasSubstr("\npasskey,,focus layout,Tiny,0123456789abcdef,focus,chunk 256,auto,4096,50,score,2,0.5,"));
  EXPECT_THAT(csv, HasSubstr(",Wilson,0.5,2048,24,1048576,0,\n"));
  EXPECT_THAT(csv, HasSubstr(",score,0,,,,,0.5,4096,24,1048576,1,\"too \"\"long\"\", by far\nat once\"\n"));
  EXPECT_THAT(csv, HasSubstr(",0,,perplexity,1,2.718281828,,,,,,,,0,\n"));
}

}  // namespace
}  // namespace focusllm::eval::report
