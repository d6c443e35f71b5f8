#pragma once

#include <cstdint>
#include <string_view>

namespace focusllm::context {

inline std::int64_t or_default(std::int64_t value, std::int64_t fallback) {
  return value == 0 ? fallback : value;
}

/// Throws UsageError naming the flag unless low <= value <= high.
void check_size(std::string_view flag, std::int64_t value, std::int64_t low, std::int64_t high);

}  // namespace focusllm::context
