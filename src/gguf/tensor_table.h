#pragma once

#include <cstdint>
#include <vector>

#include "focusllm/gguf.h"
#include "gguf/cursor.h"

namespace focusllm::gguf {

/// Reads the descriptions of `count` tensors at the cursor, which end the header, and gives each its bytes of
/// the data section, which starts at the next multiple of `alignment`. Checks offsets, ends and overlaps.
std::vector<Tensor> read_tensors(Cursor& cursor, std::uint64_t count, std::uint64_t alignment);

}  // namespace focusllm::gguf
