#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "train/trainer.h"

namespace focusllm::cli {

/// What happened in a run, one line of JSON for each step and each measurement, in a file that only grows:
///   {"step", "seconds", "loss", "losses": {kind: loss}, "labels", "gradient_norm", "learning_rate",
///   "step_seconds"}
///   {"step", "seconds", "validation": {"loss", "losses"}}
/// Losses are natural logarithms for each label; seconds are those of training since the first step. Not
/// thread-safe.
class Metrics {
 public:
  using Record = nlohmann::ordered_json;

  /// Goes on with what the file has up to `step`, and drops what is beyond or broken. An empty path keeps the
  /// records in memory only. Throws Error if the file cannot be written.
  Metrics(std::filesystem::path path, std::int64_t step);

  /// Writes a line at once. Throws Error when the disk is full.
  void add(Record record);
  const std::vector<Record>& records() const { return records_; }
  double seconds() const;  ///< of the last record

 private:
  void read(std::int64_t step);

  std::filesystem::path path_;
  std::vector<Record> records_;
  std::ofstream file_;
};

/// {"loss": of all labels, "losses": {kind: loss}}
nlohmann::ordered_json losses_json(const train::Losses& losses);
train::KindLoss all_of(const train::Losses& losses);
/// "1.234 (continuation 3.210, retrieval 0.500)"
std::string losses_text(const train::Losses& losses);

}  // namespace focusllm::cli
