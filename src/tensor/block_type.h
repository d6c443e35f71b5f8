#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace focusllm {

/// Number types of tensors in a GGUF file; the values are the file's (ggml.h, enum ggml_type).
enum class BlockType : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  iq4_nl = 20,
  iq4_xs = 23,
  bf16 = 30,
};

/// Name as llama.cpp prints it ("Q4_K"), elements in a block, and bytes that a block takes.
struct BlockTraits {
  std::string_view name;
  std::int64_t elements;
  std::int64_t bytes;
};

/// Nothing for a type that is not supported.
std::optional<BlockTraits> block_traits(std::uint32_t type);
BlockTraits block_traits(BlockType type);

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
