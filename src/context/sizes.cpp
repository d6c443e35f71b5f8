#include "context/sizes.h"

#include <algorithm>

#include "base/error.h"

namespace focusllm::context {

void check_size(std::string_view flag, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high) {
    throw UsageError(fmt::format("{} {}: give a number of tokens from {} to {}", flag, value, low, high));
  }
}

std::int64_t initial_tokens(const Settings& settings, std::int64_t fallback) {
  if (settings.initial == -1) return 0;
  const std::int64_t tokens = or_default(settings.initial, std::min(fallback, settings.local));
  check_size("--initial", tokens, 0, settings.local);
  return tokens;
}

}  // namespace focusllm::context
