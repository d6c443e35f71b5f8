#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace focusllm {

/// Whether one of the list is equal to `one`.
inline bool contains(const std::vector<std::string>& list, const std::string& one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

}  // namespace focusllm
