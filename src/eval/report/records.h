#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

namespace focusllm::eval::report {

/// What was measured with: lines that agree in all of it belong to one series.
struct Setting {
  std::string method, model, model_hash, adapter, kv_type, products;
  std::map<std::string, std::string> sizes;  ///< as the file has them; "0": the method's default
};

/// Where a result comes from. Empty where an older file does not say.
struct Run {
  std::string machine, threads, isa, commit, version, model_file, model_hash, time;
};

/// Some order, for keys of maps: of settings by method first.
bool operator<(const Setting& a, const Setting& b);
bool operator<(const Run& a, const Run& b);

/// One line of a results file.
struct Record {
  std::string task, variant;
  std::string parameters;  ///< of the task itself, without which results do not compare: "scored 512"
  Setting setting;
  /// Tokens. Of prompts that have a length of their own: the next power of two, so that there are groups; 0
  /// for those that were refused before they were counted.
  std::int64_t length = 0;
  std::optional<double> depth;  ///< percent
  std::string seed, trial, window;
  std::optional<double> score;  ///< 0 to 1
  std::optional<double> nll;    ///< mean, nats per token
  std::optional<double> first_token_seconds;
  std::optional<double> read_rate, generate_rate;  ///< tokens per second
  std::optional<double> memory_bytes;              ///< keys and values
  std::string error;                               ///< why there is neither score nor nll; else empty
  Run run;
};

/// The task whose results are perplexities, and its variant without any memory before the local window.
inline constexpr const char* kPerplexity = "perplexity";
inline constexpr const char* kNoMemory = "no memory";

/// Records of measurements. One that several lines hold counts once, as the last of them has it.
class Records {
 public:
  /// Takes a line; `where` it stands, for messages. Gives what it says until the next one. Throws Error for
  /// one that is no result or says something impossible.
  const Record& add(const nlohmann::ordered_json& line, const std::string& where);
  const std::vector<Record>& all() const& { return records_; }
  std::vector<Record> all() && { return std::move(records_); }
  std::int64_t repeated() const { return repeated_; }

 private:
  std::vector<Record> records_;
  std::unordered_map<std::string, std::size_t> places_;  ///< by identity
  std::int64_t repeated_ = 0;
};

/// What is in a results file.
struct Lines {
  std::size_t end = 0;     ///< where the rest begins: a last line without its end, as a crash leaves it
  std::int64_t count = 0;  ///< with the rest
  std::vector<std::int64_t> left_out;  ///< numbers of the others that are no JSON objects, nor empty
};

/// Hands out the JSON objects among the lines of a results file of this name, with where each stands.
Lines read_lines(
    std::string_view text, const std::string& name,
    const std::function<void(const nlohmann::ordered_json& line, const std::string& where)>& take);
/// "a.jsonl: line 3 is no JSON object and left out"; empty if there is no such line.
std::string left_out_text(const std::string& name, const std::vector<std::int64_t>& lines);
/// Throws Error for a line, `where` it stands, that is no result.
[[noreturn]] void reject_line(const std::string& where);

struct ResultSet {
  struct Source {
    std::string name;
    std::int64_t lines = 0;
    std::int64_t bytes_left_out = 0;           ///< of a last line that is cut
    std::vector<std::int64_t> lines_left_out;  ///< that are no JSON objects
  };
  std::vector<Source> sources;
  std::vector<Record> records;
  std::int64_t repeated = 0;  ///< lines left out because a later one holds the same measurement
};

/// Reads what Results wrote, of several files. Files are not changed. Throws Error for a file that cannot be
/// read or has no results but other lines, a JSON object that is no result or says something impossible, and
/// when there is no result at all.
ResultSet read_results(const std::vector<std::filesystem::path>& files);

}  // namespace focusllm::eval::report
