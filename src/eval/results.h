#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace focusllm::eval {

/// A file of results, one JSON object on each line, that an interrupted run goes on with: what is there
/// already is not measured again. A last line that was cut by a crash is taken away.
class Results {
 public:
  using Json = nlohmann::ordered_json;

  /// Throws Error for a file that cannot be read or written, or a line that is no JSON object.
  explicit Results(std::filesystem::path path);

  /// What is said of the run in every line added from now on, under "run" and with the time; it does not
  /// belong to the identity.
  void describe_run(Json run) { run_ = std::move(run); }
  /// `identity`: the fields that make a measurement the same one.
  bool has(const Json& identity) const;
  /// Appends identity and outcome as one line, at once. Throws Error when it cannot be written.
  void add(const Json& identity, const Json& outcome);
  /// All lines, those read at the beginning included.
  const std::vector<Json>& lines() const { return lines_; }

 private:
  void load();

  std::filesystem::path path_;
  Json run_;
  std::vector<Json> lines_;
  std::set<std::string> known_;
};

}  // namespace focusllm::eval
