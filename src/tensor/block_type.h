#pragma once

#include <cstddef>
#include <cstdint>

#include "focusllm/gguf.h"

namespace focusllm {

/// Writes `count` floats (a multiple of the block's elements) from the blocks at `source`, of any alignment.
void dequantize(BlockType type, const std::byte* source, std::int64_t count, float* out);

/// Elementwise float -> `type`, for the types a writer needs: f32, f16, bf16, q8_0, q4_0, q4_1. Others throw
/// Error.
void quantize(BlockType type, const float* source, std::int64_t count, std::byte* out);

/// A row-major matrix [rows, cols] in a file's own blocks; rows = outputs, cols = inputs. Does not own its
/// memory.
struct BlockMatrix {
  BlockType type = BlockType::f32;
  const std::byte* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
};

}  // namespace focusllm
