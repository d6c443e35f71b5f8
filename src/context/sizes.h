#pragma once

#include <cstdint>
#include <string_view>

#include "context/settings.h"

namespace focusllm::context {

inline std::int64_t or_default(std::int64_t value, std::int64_t fallback) {
  return value == 0 ? fallback : value;
}

/// Throws UsageError naming the flag unless low <= value <= high.
void check_size(std::string_view flag, std::int64_t value, std::int64_t low, std::int64_t high);

/// How many first tokens stay visible beside a local window, which is at least as long: Settings::initial, or
/// `fallback`.
std::int64_t initial_tokens(const Settings& settings, std::int64_t fallback);

}  // namespace focusllm::context
