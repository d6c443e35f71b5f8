#include "eval/report/page.h"

#include <set>

#include <fmt/format.h>

#include "eval/report/html.h"
#include "eval/report/sections.h"

namespace focusllm::eval::report {
namespace {

struct Section {
  std::string title, html;
};

std::string join(const std::string& task, const std::string& rest) {
  return rest.empty() ? task : task + ": " + rest;
}

std::vector<Section> sections_of(const Selection& records, const Labels& labels) {
  std::vector<Section> sections;
  const auto tasks =
      group_by(records, [](const Record& record) { return join(record.task, record.parameters); });
  for (const auto& [task, own] : tasks) {
    if (has_perplexity(own)) {
      sections.push_back({task, perplexity_section(own, labels)});
      continue;
    }
    for (const auto& [variant, group] : group_by(own, [](const Record& record) { return record.variant; }))
      sections.push_back({join(task, variant), score_section(group, labels)});
  }
  sections.push_back({"Runs", runs_table(records)});
  return sections;
}

std::string title_of(const std::vector<Record>& records) {
  std::set<std::string> models;
  for (const Record& record : records) models.insert(record.setting.model);
  return models.size() == 1 && !models.begin()->empty() ? "Evaluation of " + *models.begin() : "Evaluation";
}

std::string sources_text(const ResultSet& results) {
  std::string text;
  for (const auto& source : results.sources) {
    text += fmt::format("<li>{}: {} lines", escape_html(source.name), source.lines);
    if (source.bytes_left_out > 0)
      text += fmt::format(
          "; <strong>its last line is cut: {} bytes of it are left out</strong> (focusllm eval on "
          "the same file measures it again)",
          source.bytes_left_out);
    if (!source.lines_left_out.empty())
      text += "; <strong>" + escape_html(left_out_text(source.name, source.lines_left_out)) + "</strong>";
    text += "</li>\n";
  }
  return "<ul>\n" + text + "</ul>\n";
}

std::string introduction(const ResultSet& results) {
  std::size_t failed = 0;
  for (const Record& record : results.records) failed += record.error.empty() ? 0 : 1;
  std::string text = fmt::format("<p>Measurements: {}, of them without a result: {}. From</p>\n{}",
                                 results.records.size(), failed, sources_text(results));
  if (results.repeated > 0)
    text += fmt::format("<p>Lines that do not count, as a later one holds the same measurement: {}.</p>\n",
                        results.repeated);
  return text +
         "<p class=\"soft\">Intervals are two-sided 95 % intervals of the mean: Wilson's where all scores "
         "are 0 or 1, Student's t for other scores and for perplexity. Times, rates and memory are medians. "
         "The time to the first token begins with the reading of the prompt. Rates of reading, and that "
         "time, leave "
         "out what a prompt has in common with the beginning of the one before it, "
         "but "
         "count chunks that an earlier one had read; the first token of a question comes sooner where an "
         "earlier question was the same.</p>\n";
}

}  // namespace

std::string report_page(const ResultSet& results) {
  const Labels labels(results.records);
  std::string contents, body;
  int number = 0;
  for (const auto& [title, html] : sections_of(all_of(results.records), labels)) {
    ++number;
    contents += fmt::format("<li><a href=\"#part{}\">{}</a></li>\n", number, escape_html(title));
    body +=
        fmt::format("<section id=\"part{}\">\n<h2>{}</h2>\n{}</section>\n", number, escape_html(title), html);
  }
  return html_page(
      title_of(results.records),
      introduction(results) + "<nav aria-label=\"Contents\">\n<ul>\n" + contents + "</ul>\n</nav>\n" + body);
}

}  // namespace focusllm::eval::report
