#pragma once

#include <cstdint>

namespace focusllm::context {

/// What went to a slower tier, and how often it was needed.
struct TierUse {
  std::int64_t disk_bytes = 0;
  std::int64_t found = 0;  ///< memory blocks chosen that stood in memory, over all layers
  std::int64_t read = 0;   ///< those that came from the file
};

}  // namespace focusllm::context
