#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "eval/report/records.h"

namespace focusllm::eval::report {

using Json = nlohmann::ordered_json;

/// A line of a results file as focusllm eval writes it.
Json passkey_line(const std::string& method, int length, double depth, int trial, bool right);
Json perplexity_line(const std::string& variant, int length, const std::string& window, double nll);

/// Writes lines to a file of its own and reads them as a report does.
ResultSet results_of(const std::vector<Json>& lines);

/// A file under this name, with this content, that lives as long as this.
class SampleFile {
 public:
  SampleFile(const std::string& name, const std::string& content);
  ~SampleFile();
  SampleFile(const SampleFile&) = delete;
  SampleFile& operator=(const SampleFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace focusllm::eval::report
