#pragma once

#include <cstdint>

namespace focusllm::context {

/// Throws Error if memory is nearly full. Asks the system only now and then: `tokens` were read so far,
/// `more` are to come.
void check_memory(std::int64_t tokens, std::int64_t more);

}  // namespace focusllm::context
