#include "eval/report/records.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <tuple>

#include <fmt/ranges.h>

#include "base/error.h"
#include "eval/report/fields.h"

namespace focusllm::eval::report {
namespace {

constexpr std::int64_t kMostTokens = std::int64_t{1} << 50;
constexpr double kMost = 1e18;  // of anything that is measured

constexpr const char* kParameters[] = {"scored", "before"};  // of tasks

Setting setting_of(const Fields& id) {
  Setting setting{id.text("method"),
                  id.text("model"),
                  id.text("model_hash"),
                  id.text("adapter"),
                  id.text("kv_type"),
                  id.text("products"),
                  {}};
  if (const auto sizes = id.object("sizes")) {
    for (const auto& [name, value] : sizes->json().items()) setting.sizes[name] = sizes->any(name.c_str());
  }
  return setting;
}

std::string parameters_of(const Fields& id) {
  std::string text;
  for (const char* name : kParameters) {
    const std::string value = id.any(name);
    if (!value.empty()) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

/// Older files name only the machine, in the outcome itself.
Run run_of(const Fields& line) {
  Run run;
  run.machine = line.text("machine");
  const auto fields = line.object("run");
  if (!fields) return run;
  return {fields->text("machine"),    fields->any("threads"),  fields->text("isa"),
          fields->text("commit"),     fields->text("version"), fields->text("model_file"),
          fields->text("model_hash"), fields->text("time")};
}

std::optional<double> rate(const Fields& line, const char* tokens, const char* seconds) {
  const auto count = line.number(tokens, 0, kMost), time = line.number(seconds, 0, kMost);
  if (!count || !time || *count == 0 || *time == 0) return std::nullopt;
  return *count / *time;
}

void add_outcome(const Fields& line, Record& record) {
  record.error = line.text("error");
  if (record.error.empty()) {
    record.score = line.number("score", 0, 1);
    if (const auto right = line.truth("right"); right && !record.score) record.score = *right ? 1 : 0;
    record.nll = line.number("nll", -kMost, kMost);
    if (!record.score && !record.nll) record.error = "neither a score nor a perplexity came of it";
  }
  record.first_token_seconds = line.number("first_token_seconds", 0, kMost);
  const bool reused = line.number("read_tokens", 0, kMost).has_value();  // older lines: all were read
  record.read_rate = rate(line, reused ? "read_tokens" : "tokens", "read_seconds");
  record.generate_rate = rate(line, "generated_tokens", "generate_seconds");
  record.memory_bytes = line.number("memory_bytes", 0, kMost);
}

std::int64_t length_of(const Fields& line, const Fields& id) {
  if (const auto length = id.whole("length", 0, kMostTokens)) return *length;
  const auto tokens = line.whole("tokens", 0, kMostTokens).value_or(0);
  return tokens == 0 ? 0 : static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(tokens)));
}

Record record_of(const Fields& line, const Fields& id) {
  Record record;
  record.task = id.text("task");
  if (record.task.empty()) id.reject("task", "missing");
  record.variant = id.text("variant");
  record.parameters = parameters_of(id);
  record.setting = setting_of(id);
  record.length = length_of(line, id);
  record.depth = id.number("depth", 0, 100);
  record.seed = id.any("seed");
  record.trial = id.any("trial");
  record.window = id.any("window");
  add_outcome(line, record);
  record.run = run_of(line);
  return record;
}

std::string read_file(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) fail("{}: is a folder, no file of results", path.string());
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("{}: cannot be read: {}", path.string(), std::strerror(errno));
  return {std::istreambuf_iterator<char>(file), {}};
}

class Reader {
 public:
  void read(const std::filesystem::path& path) {
    const std::string text = read_file(path);
    ResultSet::Source source{path.filename().string(), 0, 0, {}};
    Lines lines = read_lines(text, path.string(), [&](const auto& line, const std::string& where) {
      records_.add(line, where);
      ++source.lines;
    });
    if (source.lines == 0 && !lines.left_out.empty())
      reject_line(fmt::format("{}: line {}", path.string(), lines.left_out.front()));
    source.bytes_left_out = static_cast<std::int64_t>(text.size() - lines.end);
    source.lines_left_out = std::move(lines.left_out);
    set_.sources.push_back(std::move(source));
  }

  ResultSet finish() && {
    if (records_.all().empty()) fail("{}: no result in it: measure some with focusllm eval -o FILE", names());
    set_.repeated = records_.repeated();
    set_.records = std::move(records_).all();
    return std::move(set_);
  }

 private:
  std::string names() const {
    std::string names;
    for (const auto& source : set_.sources) names += (names.empty() ? "" : ", ") + source.name;
    return names;
  }

  ResultSet set_;
  Records records_;
};

}  // namespace

bool operator<(const Setting& a, const Setting& b) {
  const auto fields = [](const Setting& s) {
    return std::tie(s.method, s.model, s.model_hash, s.adapter, s.kv_type, s.products, s.sizes);
  };
  return fields(a) < fields(b);
}

bool operator<(const Run& a, const Run& b) {
  const auto fields = [](const Run& r) {
    return std::tie(r.machine, r.threads, r.isa, r.commit, r.version, r.model_file, r.model_hash, r.time);
  };
  return fields(a) < fields(b);
}

void reject_line(const std::string& where) {
  fail("{} is no result: give another file, or take that line away", where);
}

Lines read_lines(
    std::string_view text, const std::string& name,
    const std::function<void(const nlohmann::ordered_json& line, const std::string& where)>& take) {
  Lines lines;
  while (lines.end < text.size()) {
    const std::size_t end = std::min(text.find('\n', lines.end), text.size());
    const std::string_view line = text.substr(lines.end, end - lines.end);
    ++lines.count;
    if (const auto json = parse_line(line)) {
      take(*json, fmt::format("{}: line {}", name, lines.count));
    } else if (end == text.size()) {
      break;
    } else if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      lines.left_out.push_back(lines.count);
    }
    lines.end = std::min(end + 1, text.size());
  }
  return lines;
}

std::string left_out_text(const std::string& name, const std::vector<std::int64_t>& lines) {
  constexpr std::size_t kNamed = 5;
  if (lines.empty()) return "";
  if (lines.size() == 1) return fmt::format("{}: line {} is no JSON object and left out", name, lines[0]);
  const std::span named = std::span(lines).first(std::min(lines.size(), kNamed));
  return fmt::format("{}: {} lines are no JSON objects and left out: {}{}", name, lines.size(),
                     fmt::join(named, ", "), lines.size() > kNamed ? ", ..." : "");
}

const Record& Records::add(const nlohmann::ordered_json& line, const std::string& where) {
  const Fields fields(line, where);
  const auto id = fields.object("identity");
  if (!id) fields.reject("identity", "missing");
  Record record = record_of(fields, *id);
  const auto [found, fresh] = places_.try_emplace(key_of(id->json()), records_.size());
  if (fresh) return records_.emplace_back(std::move(record));
  ++repeated_;
  return records_[found->second] = std::move(record);
}

ResultSet read_results(const std::vector<std::filesystem::path>& files) {
  Reader reader;
  for (const auto& file : files) reader.read(file);
  return std::move(reader).finish();
}

}  // namespace focusllm::eval::report
