#include <cmath>
#include <limits>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/report/chart.h"
#include "eval/report/format.h"
#include "eval/report/heatmap.h"
#include "eval/report/page.h"
#include "report_sample.h"
#include "support/well_formed.h"

namespace focusllm::eval::report {
namespace {

using test::expect_well_formed;
using testing::HasSubstr;
using testing::Not;

std::ptrdiff_t count(const std::string& text, const std::string& what) {
  const std::regex expression(what);
  return std::distance(std::sregex_iterator(text.begin(), text.end(), expression), std::sregex_iterator());
}

std::vector<Json> grid() {
  std::vector<Json> lines;
  for (const int length : {4096, 16384}) {
    for (const double depth : {0, 50, 90}) {
      for (int trial = 0; trial < 2; ++trial) {
        lines.push_back(passkey_line("focus", length, depth, trial, trial == 0 || depth > 0));
        lines.push_back(passkey_line("full", length, depth, trial, true));
        if (length < 16384) continue;
        lines.back().erase("right");
        lines.back()["error"] = "too long for the method";
      }
    }
  }
  for (const auto* window : {"a", "b"}) {
    lines.push_back(perplexity_line("no memory", 0, window, 3));
    lines.push_back(perplexity_line("own memory", 1024, window, 2.5));
  }
  return lines;
}

TEST(ReportPage, ShowsCellsCurvesDifferencesAndRuns) {
  const std::string page = report_page(results_of(grid()));
  expect_well_formed(page);
  EXPECT_EQ(count(page, "<g class=\"cell\""), 12);
  EXPECT_EQ(count(page, "class=\"none\""), 3) << "cells without a result";
  EXPECT_EQ(count(page, "2 without result: too long for the method</title>"), 3);
  EXPECT_EQ(count(page, "<svg class=\"chart\""), 6);
  EXPECT_THAT(page, HasSubstr("<td>too long for the method</td>"));
  EXPECT_THAT(page, HasSubstr("50 % of 2, 95 % 9 to 91 %"));
  EXPECT_THAT(page, HasSubstr("-39.35 to -39.35"));
  EXPECT_THAT(page, HasSubstr("<td>A processor</td>"));
  EXPECT_THAT(page, HasSubstr(">4096 to 16384</td>")) << "the mean over all lengths";
  EXPECT_THAT(page, HasSubstr("Measurements: 28, of them without a result: 6."));
  EXPECT_EQ(count(page, "<svg[^>]*role=\"img\"[^>]*>\n<title>[^<]+</title>\n<desc>[^<]+</desc>"), 8);
}

TEST(ReportPage, StandsForItself) {
  const std::string page = report_page(results_of(grid()));
  for (const std::string loaded : {"<script", "src=", "url(", "@import", "http://", "https://"}) {
    const std::string rest = std::regex_replace(page, std::regex("http://www.w3.org/1999/xhtml"), "");
    EXPECT_THAT(rest, Not(HasSubstr(loaded)));
  }
  EXPECT_EQ(count(page, "href="), count(page, "href=\"#part")) << "only places in the page itself";
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(page, HasSubstr("width=device-width"));
}

TEST(ReportPage, EverythingFromTheFileIsEscaped) {
  const std::string hostile = "</title><script>alert(\"x\")</script>&'\x01";
  std::vector<Json> lines = grid();
  for (Json& line : lines) {
    for (const auto* key : {"task", "variant", "model", "adapter", "kv_type", "window"})
      line["identity"][key] = hostile;
    line["identity"]["method"] = hostile + line["identity"]["method"].get<std::string>();
    line["identity"]["seed"] = hostile;
    line["identity"]["sizes"][hostile] = hostile;
    for (const auto* key :
         {"machine", "threads", "isa", "commit", "version", "model_file", "model_hash", "time"})
      line["run"][key] = hostile;
    if (line.contains("error")) line["error"] = hostile;
  }
  const std::string page = report_page(results_of(lines));
  expect_well_formed(page);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;"));
}

TEST(ReportPage, OneLineOfAnythingIsAPage) {
  Json failed = passkey_line("full", 0, 0, 0, true),
       bare = {{"identity", {{"task", "t"}, {"length", 0}}}, {"score", 0.5}};
  failed.erase("right");
  failed["error"] = "x";
  Json huge = perplexity_line("own memory", 1, "w", 1e18);
  for (const Json& line : {failed, bare, huge, perplexity_line("no memory", 0, "w", 3)}) {
    const std::string page = report_page(results_of({line}));
    expect_well_formed(page);
    for (const std::string wrong : {"nan", "inf"}) EXPECT_THAT(page, Not(HasSubstr(wrong)));
  }
}

TEST(ReportPage, SaysWhatIsLeftOut) {
  const std::string line = passkey_line("focus", 4096, 50, 0, true).dump() + "\n";
  const SampleFile file("focusllm-report-<cut>.jsonl", line + line + line.substr(0, 17));
  const std::string page = report_page(read_results({file.path()}));
  expect_well_formed(page);
  EXPECT_THAT(page, HasSubstr("focusllm-report-&lt;cut&gt;.jsonl: 2 lines"));
  EXPECT_THAT(page, HasSubstr("17 bytes of it are left out"));
  EXPECT_THAT(page, HasSubstr("a later one holds the same measurement: 1."));
}

TEST(ReportChart, IntervalsAndEmptyCharts) {
  Chart chart;
  chart.series = {{"a", 1, {{1024, 5, 4, 6}, {4096, 7}, {0, 6, 1, 1e9}}, true}};
  chart.x_scale = Scale::lengths;
  const std::string svg = draw(chart);
  expect_well_formed(" " + svg);
  EXPECT_EQ(count(svg, "class=\"interval"), 2);
  EXPECT_THAT(svg, HasSubstr(">1K</text>"));
  EXPECT_THAT(svg, HasSubstr(">0</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("e+")));
  chart.series.clear();
  expect_well_formed(" " + draw(chart));
}

TEST(ReportAxis, LiesWhereItShould) {
  const Axis linear(Scale::linear, {0, 10}, 100, 200);
  EXPECT_DOUBLE_EQ(linear.at(5), 150);
  const Axis logarithmic(Scale::logarithmic, {1, 100, -3, 0, std::nan("")}, 0, 100);
  EXPECT_DOUBLE_EQ(logarithmic.at(10), 50);
  EXPECT_FALSE(logarithmic.shows(-3));
  const Axis lengths(Scale::lengths, {0, 1024, 4096}, 0, 3);
  EXPECT_DOUBLE_EQ(lengths.at(0), 0);
  EXPECT_DOUBLE_EQ(lengths.at(1024), 1);
  EXPECT_DOUBLE_EQ(lengths.at(4096), 3);
  EXPECT_EQ(lengths.ticks(0.5).size(), 3U);
  EXPECT_EQ(lengths.ticks(1.5).size(), 2U) << "labels that do not fit are left out";
  EXPECT_EQ(lengths.ticks(100).front().label, "4K") << "but not the last one";
  for (const auto scale : {Scale::linear, Scale::logarithmic, Scale::lengths}) {
    for (const std::vector<double>& values : std::vector<std::vector<double>>{
             {}, {5}, {0}, {1e300, -1e300}, {1e99, -1e99}, {1e15, 1e15 + 1}, {1e-300, 1e99}}) {
      Axis axis(scale, values, 0, 1);
      axis.widen(0.05);
      EXPECT_LE(axis.ticks(0.01).size(), 120U);
      for (const auto& tick : axis.ticks(0.01)) EXPECT_TRUE(std::isfinite(tick.position));
    }
  }
}

TEST(ReportHeatmap, TextStandsOutFromEveryColour) {
  const auto channel = [](const std::string& fill, std::size_t at) {
    const double c = std::stoi(fill.substr(at, 2), nullptr, 16) / 255.0;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  double before = -1;
  for (int i = 0; i <= 100; ++i) {
    const ScoreColour colour = score_colour(i / 100.0);
    const double light = 0.2126 * channel(colour.fill, 1) + 0.7152 * channel(colour.fill, 3) +
                         0.0722 * channel(colour.fill, 5);
    const double contrast = colour.dark ? 1.05 / (light + 0.05) : (light + 0.05) / 0.05;
    EXPECT_GE(contrast, 4.5) << colour.fill;
    EXPECT_GE(light, before - 1e-3) << "lighter means more, also without colours";
    before = light;
  }
}

TEST(ReportFormat, RoundsWithoutLying) {
  EXPECT_EQ(percent(0.999), "99 %");
  EXPECT_EQ(percent(0.001), "1 %");
  EXPECT_EQ(percent(1), "100 %");
  EXPECT_EQ(short_number(12345.6), "12346");
  EXPECT_EQ(short_number(1.5), "1.50");
  EXPECT_EQ(short_number(0.01234), "0.0123");
  EXPECT_EQ(short_number(0.0), "0");
  EXPECT_EQ(short_number(std::nullopt), "");
  EXPECT_EQ(format_length(409600), "400K");
  EXPECT_EQ(format_length(1 << 20), "1M");
  EXPECT_EQ(format_length(1000), "1000");
}

}  // namespace
}  // namespace focusllm::eval::report
