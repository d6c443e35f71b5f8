#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "eval/results.h"

namespace focusllm::eval {

/// The lines of a results file.
inline std::vector<Results::Json> lines_of(const std::filesystem::path& path) {
  std::vector<Results::Json> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(Results::Json::parse(line));
  return lines;
}

}  // namespace focusllm::eval
