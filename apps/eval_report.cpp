#include "eval_report.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "eval/report/csv.h"
#include "eval/report/html.h"
#include "eval/report/page.h"
#include "eval/report/records.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

namespace fs = std::filesystem;

struct ReportFlags {
  std::vector<std::string> results;
  std::string page, csv;
};

/// Whether two names are the same file, there or not yet.
bool same_file(const fs::path& a, const fs::path& b) {
  return fs::weakly_canonical(a) == fs::weakly_canonical(b);
}

/// Throws UsageError rather than write over results.
void check_outputs(const ReportFlags& flags) {
  for (const std::string& result : flags.results) {
    if (same_file(result, flags.page))
      throw UsageError(fmt::format("--output: {} holds the results: give another name", flags.page));
    if (!flags.csv.empty() && same_file(result, flags.csv))
      throw UsageError(fmt::format("--csv: {} holds the results: give another name", flags.csv));
  }
  if (!flags.csv.empty() && same_file(flags.page, flags.csv))
    throw UsageError(fmt::format("--csv: {} is the page: give another name", flags.csv));
}

void report(const ReportFlags& flags) {
  check_outputs(flags);
  const eval::report::ResultSet results =
      eval::report::read_results({flags.results.begin(), flags.results.end()});
  for (const auto& source : results.sources) tell_left_out(source.name, source.lines_left_out);
  eval::report::write_whole(flags.page, eval::report::report_page(results));
  if (!flags.csv.empty()) eval::report::write_whole(flags.csv, eval::report::report_csv(results));
}

constexpr const char* kEvalReportExamples = R"(
The page needs nothing else: charts are drawn into it, numbers stand in tables below them. The CSV file has a row for
each task, variant, method with its sizes, length and depth. Results files are not changed.

Example:
  focusllm eval report results.jsonl -o report.html --csv report.csv)";

}  // namespace

void tell_left_out(const std::string& name, const std::vector<std::int64_t>& lines) {
  if (!lines.empty()) err_line(eval::report::left_out_text(name, lines));
}

void add_eval_report(CLI::App& eval) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* command = eval.add_subcommand("report", "Make a page of results that were measured");
  command->add_option("results", flags->results, "Files that focusllm eval wrote")
      ->required()
      ->type_name("RESULTS.jsonl");
  command->add_option("-o,--output", flags->page, "The page (HTML)")->required()->type_name("FILE");
  command->add_option("--csv", flags->csv, "The same in numbers")->type_name("FILE");
  command->footer(kEvalReportExamples);
  command->callback([flags] { report(*flags); });
}

}  // namespace focusllm::cli
