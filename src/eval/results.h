#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "eval/report/records.h"
#include "eval/results_file.h"

namespace focusllm::eval {

/// A file of results, one JSON object on each line, that an interrupted run goes on with: what was measured
/// is not measured again, what was refused is tried again. The file is changed by add() only; then a last
/// line that was cut by a crash is taken away.
class Results {
 public:
  using Json = nlohmann::ordered_json;

  /// Throws Error for a file that cannot be read or written, that another run is writing, or that holds
  /// something else than results.
  explicit Results(const std::filesystem::path& path);

  /// What is said of the run in every line added from now on, under "run" and with the time; it does not
  /// belong to the identity.
  void describe_run(Json run) { run_ = std::move(run); }
  /// Whether it was measured. `identity`: the fields that make a measurement the same one.
  bool has(const Json& identity) const;
  /// Appends identity and outcome as one line, at once; but not a refusal ("error") that stands there
  /// already. Throws Error when it cannot be written.
  void add(const Json& identity, const Json& outcome);
  /// Numbers of the lines that were there and are no JSON objects: left out, but not taken away.
  const std::vector<std::int64_t>& left_out() const { return left_out_; }
  /// Of all lines, those read at the beginning included.
  const std::vector<report::Record>& records() const { return records_.all(); }

 private:
  void load();
  void take(const Json& line, const std::string& where);

  ResultsFile file_;
  Json run_;
  report::Records records_;
  std::vector<std::int64_t> left_out_;
  std::map<std::string, std::string> errors_;  ///< by identity; empty: measured
};

}  // namespace focusllm::eval
