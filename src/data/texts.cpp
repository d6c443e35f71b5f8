#include "data/texts.h"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/memory.h"
#include "base/python_json.h"
#include "base/utf8.h"
#include "data/archive.h"

namespace focusllm::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// The name without the ending of a compression.
std::string_view uncompressed(std::string_view name) {
  for (const std::string_view ending : {".xz", ".gz", ".bz2", ".zst"})
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  return name;
}

bool is_json_lines(std::string_view name) {
  const std::string_view plain = uncompressed(name);
  return plain.ends_with(".jsonl") || plain.ends_with(".ndjson");
}

class Collector {
 public:
  Collector(const TextOptions& options, Skipped& skipped, const std::function<void(Text)>& use)
      : options_(options), skipped_(skipped), use_(use) {}

  void add(const std::string& name, Member member) {
    if (member.too_large)
      skipped_.add("larger than " + format_bytes(options_.most_bytes), name);
    else if (is_json_lines(name))
      add_lines(name, member.bytes);
    else
      add_text(name, std::move(member.bytes));
  }

 private:
  void add_text(const std::string& name, std::string text) {
    if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
    if (text.empty()) return skipped_.add("empty", name);
    if (find_invalid_utf8(text)) return skipped_.add("not valid UTF-8", name);
    use_({name, std::move(text)});
  }

  void add_lines(const std::string& name, std::string_view lines) {
    if (lines.empty()) return skipped_.add("empty", name);
    std::int64_t number = 0;
    while (!lines.empty()) {
      const std::size_t end = std::min(lines.find('\n'), lines.size());
      add_line(fmt::format("{}:{}", name, ++number), lines.substr(0, end));
      lines.remove_prefix(std::min(end + 1, lines.size()));
    }
  }

  void add_line(const std::string& name, std::string_view line) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    const auto json = parse_json<nlohmann::json>(line);
    if (json.is_discarded()) return skipped_.add("not valid JSON", name);
    const auto field = json.find(options_.field);
    if (field == json.end() || !field->is_string())
      return skipped_.add(fmt::format("without a text in the field '{}'", options_.field), name);
    add_text(name, field->get<std::string>());
  }

  const TextOptions& options_;
  Skipped& skipped_;
  const std::function<void(Text)>& use_;
};

struct File {
  fs::path path;
  std::string name;
  bool regular = true;
};

std::vector<File> files_in(const fs::path& folder, Skipped& skipped) {
  std::vector<File> found;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().lexically_relative(folder).generic_string();
    std::error_code no_status;
    const bool regular = entry->is_regular_file(no_status);
    if (regular || !entry->is_directory(no_status) || entry->is_symlink(no_status))
      found.push_back({entry->path(), name, regular});
  }
  if (error) fail("cannot read the folder {}: {}; check its permissions", folder.string(), error.message());
  std::sort(found.begin(), found.end(), [](const File& a, const File& b) { return a.name < b.name; });
  std::vector<File> files;
  for (File& file : found) {
    if (file.regular)
      files.push_back(std::move(file));
    else
      skipped.add("not a regular file", file.name);
  }
  return files;
}

std::vector<File> files_of(const fs::path& path, Skipped& skipped) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status))
    fail("cannot open {}: {}; check the name", path.string(), error ? error.message() : "it is not there");
  if (fs::is_directory(status)) return files_in(path, skipped);
  if (!fs::is_regular_file(status))
    fail("{} is neither a file nor a folder: give one of these", path.string());
  return {{path, path.filename().string(), true}};
}

}  // namespace

void Skipped::add(const std::string& reason, const std::string& name) {
  Entry& entry = entries_[reason];
  if (entry.count++ == 0) entry.first = name;
}

std::int64_t Skipped::count() const {
  std::int64_t sum = 0;
  for (const auto& [reason, entry] : entries_) sum += entry.count;
  return sum;
}

std::string Skipped::describe() const {
  std::string text;
  for (const auto& [reason, entry] : entries_)
    text += fmt::format("{}{} {} (first: {})", text.empty() ? "" : ", ", entry.count, reason,
                        one_line(entry.first, 80));
  return text;
}

void read_texts(const std::vector<fs::path>& paths, const TextOptions& options, const CancelToken& cancel,
                Skipped& skipped, const std::function<void(Text)>& use) {
  Collector collector(options, skipped, use);
  for (const auto& path : paths) {
    for (const File& file : files_of(path, skipped)) {
      bool any = false;
      read_members(file.path, options.most_bytes, cancel, [&](Member member) {
        any = true;
        const std::string name = member.name.empty() ? file.name : member.name;
        collector.add(name, std::move(member));
      });
      if (!any) skipped.add("empty", file.name);
    }
  }
}

}  // namespace focusllm::data
