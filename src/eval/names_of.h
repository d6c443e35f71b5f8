#pragma once

#include <string>
#include <vector>

namespace focusllm::eval {

/// The `name` of each row of a table.
template <typename Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const auto& row : table) names.emplace_back(row.name);
  return names;
}

}  // namespace focusllm::eval
