#include "context/sizes.h"

#include "base/error.h"

namespace focusllm::context {

void check_size(std::string_view flag, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high) {
    throw UsageError(fmt::format("{} {}: give a number of tokens from {} to {}", flag, value, low, high));
  }
}

}  // namespace focusllm::context
