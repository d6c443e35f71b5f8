#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace focusllm::eval::report {

/// For text between tags and in attributes with double quotes.
std::string escape_html(std::string_view text);

/// A table in a box that scrolls sideways by itself. Cells are plain text; columns of numbers stand on the
/// right.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : head_(std::move(head)) {}
  /// As many cells as the head has.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  std::string html() const;

 private:
  bool is_number(std::size_t column) const;

  std::vector<std::string> head_;
  std::vector<std::vector<std::string>> rows_;
};

/// Figures side by side where there is room. `charts` is HTML, maybe none.
std::string chart_grid(const std::string& charts);

/// Something that is shown only when it is asked for. `body` is HTML.
std::string details(std::string_view summary, const std::string& body);

/// A page that stands for itself (no scripts, nothing fetched), well-formed XHTML, with the style of all our
/// reports. `body` is HTML.
std::string html_page(std::string_view title, const std::string& body);

/// Whole or not at all. Throws Error.
void write_whole(const std::filesystem::path& path, std::string_view text);

}  // namespace focusllm::eval::report
