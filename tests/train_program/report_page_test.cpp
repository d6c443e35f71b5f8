#include "trainer/report_page.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/report/chart.h"
#include "support/well_formed.h"

namespace focusllm::cli {
namespace {

using test::expect_well_formed;
using testing::HasSubstr;
using testing::Not;

std::vector<Metrics::Record> records(int steps) {
  std::vector<Metrics::Record> records = {
      {{"step", 0}, {"validation", {{"loss", 3}, {"losses", {{"retrieval", 4}, {"repetition", 2}}}}}}};
  for (int step = 1; step <= steps; ++step)
    records.push_back({{"step", step},
                       {"loss", 3.0 / step},
                       {"losses", {{"retrieval", 2.0 / step}, {"continuation", 3.3}}},
                       {"gradient_norm", 0.1},
                       {"learning_rate", 1e-3}});
  return records;
}

TEST(ReportPage, IsWellFormedAndStandsForItself) {
  for (const int steps : {0, 1, 2, 5000}) {
    const std::string page =
        report_page("a <b> & \"c\"", {{"data", "x < y & z"}, {"seed", "1"}}, records(steps));
    expect_well_formed(page);
    for (const std::string loaded : {"<script", "src=", "href=", "url(", "@import"})
      EXPECT_THAT(page, Not(HasSubstr(loaded)));
    EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
    EXPECT_THAT(page, HasSubstr("x &lt; y &amp; z"));
    EXPECT_LT(page.size(), 200000U) << "long series are thinned";
    for (const std::string wrong : {"nan", "inf,"}) EXPECT_THAT(page, Not(HasSubstr(wrong)));
  }
}

TEST(ReportPage, BrokenRecordsAreNoTrouble) {
  const auto page = report_page(
      "x", {}, {{{"step", "y"}, {"losses", 3}}, {{"validation", 1}}, {{"step", 2}, {"loss", "z"}}});
  expect_well_formed(page);
}

TEST(Chart, LeavesOutWhatIsNotFinite) {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  eval::report::Chart chart;
  chart.title = "t";
  chart.series = {{"a", 0, {{1, nan}, {2, 1}, {3, inf}, {4, 2}}, true}};
  const std::string figure = draw(chart), svg = figure.substr(figure.find("class=\"chart\""));
  EXPECT_EQ(std::count(svg.begin(), svg.end(), '\n') > 0, true);
  EXPECT_THAT(svg, Not(HasSubstr("nan,")));
  const std::regex circle("<circle");
  EXPECT_EQ(std::distance(std::sregex_iterator(svg.begin(), svg.end(), circle), std::sregex_iterator()), 2);
}

TEST(Chart, SmoothingBeginsAtTheFirstPointAndKeepsAConstant) {
  for (const auto& point : smooth({{1, 5}, {2, 5}, {3, 5}}, 10)) EXPECT_DOUBLE_EQ(point.y, 5);
  EXPECT_NEAR(smooth({{1, 8}, {2, 4}}, 1e9).back().y, 6, 1e-6);
  EXPECT_DOUBLE_EQ(smooth({{1, 8}, {2, 4}}, 1).back().y, 4);
}

}  // namespace
}  // namespace focusllm::cli
