#include "eval/report/html.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "base/output_file.h"
#include "eval/report/style.h"

namespace focusllm::eval::report {
namespace {

constexpr std::size_t kLong = 60;  // characters in a cell that is broken into lines

bool is_text(const std::string& cell) {
  return cell.find_first_not_of("0123456789.,+-% eto") != std::string::npos;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
  }
  return result;
}

bool Table::is_number(std::size_t column) const {
  return std::none_of(rows_.begin(), rows_.end(), [column](const auto& row) { return is_text(row[column]); });
}

std::string Table::html() const {
  std::string head, body;
  std::vector<const char*> look(head_.size());
  for (std::size_t i = 0; i < head_.size(); ++i) {
    look[i] = is_number(i) ? " class=\"number\"" : "";
    head += fmt::format("<th scope=\"col\"{}>{}</th>", look[i], escape_html(head_[i]));
  }
  for (const auto& row : rows_) {
    body += "<tr>";
    for (std::size_t i = 0; i < head_.size(); ++i)
      body += fmt::format("<td{}>{}</td>", row[i].size() > kLong ? " class=\"long\"" : look[i],
                          escape_html(row[i]));
    body += "</tr>\n";
  }
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"table\">\n<table>\n"
      "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
      head, body);
}

std::string chart_grid(const std::string& charts) {
  return charts.empty() ? "" : "<div class=\"charts\">\n" + charts + "</div>\n";
}

std::string details(std::string_view summary, const std::string& body) {
  return fmt::format("<details>\n<summary>{}</summary>\n{}</details>\n", escape_html(summary), body);
}

std::string html_page(std::string_view title, const std::string& body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n{2}</body>\n</html>\n",
      escape_html(title), kStyle, body);
}

void write_whole(const std::filesystem::path& path, std::string_view text) {
  OutputFile file(path);
  file.write(std::as_bytes(std::span(text)));
  file.commit();
}

}  // namespace focusllm::eval::report
