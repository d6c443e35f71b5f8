#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/process.h"
#include "data/sample_data.h"

namespace focusllm::cli_test {

/// A folder with a model (a vocabulary of bytes, no weights), texts, and the command to train with them.
class Workplace {
 public:
  Workplace();
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  void write(const std::string& name, const std::string& bytes) const { folder_.write(name, bytes); }
  std::string read(const std::string& name) const;
  bool has(const std::string& name) const;
  /// Names of all files but model and texts, sorted.
  std::vector<std::string> files() const;

  /// Small samples, 12 steps, output "a.gguf"; `more` behind it.
  std::vector<std::string> command(const std::vector<std::string>& more = {}) const;
  Ended train(const std::vector<std::string>& more = {},
              const std::vector<std::string>& environment = {}) const;
  /// The records of "a.gguf.jsonl" without times.
  std::vector<nlohmann::json> metrics() const;
  /// The step that the checkpoint was made after.
  int checkpoint_step() const;

 private:
  data::Folder folder_;
};

/// The steps of records that are not measurements.
std::vector<int> steps_of(const std::vector<nlohmann::json>& records);

}  // namespace focusllm::cli_test
