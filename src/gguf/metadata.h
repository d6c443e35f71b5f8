#pragma once

#include <cstdint>
#include <vector>

#include "focusllm/gguf.h"
#include "gguf/cursor.h"

namespace focusllm::gguf {

inline constexpr std::uint64_t max_key_bytes = 65535;  ///< the format's limit
inline constexpr std::uint64_t max_entries =
    1U << 18U;  ///< keys, and tensors, of one file; models have hundreds
inline constexpr std::uint64_t max_strings = 1U
                                             << 24U;  ///< of all arrays of one file; vocabularies have 2^18

/// Reads `count` metadata entries at the cursor. The strings in them are views into the cursor's bytes.
std::vector<KeyValue> read_metadata(Cursor& cursor, std::uint64_t count);

}  // namespace focusllm::gguf
