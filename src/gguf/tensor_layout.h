#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tensor/block_type.h"

namespace focusllm::gguf {

inline constexpr std::size_t max_dims = 4;            ///< the format's limit
inline constexpr std::uint64_t max_tensor_name = 64;  ///< the format's limit, in bytes
inline constexpr std::uint64_t default_alignment =
    32;  ///< of tensors in a file, unless general.alignment says other
inline constexpr const char* alignment_key = "general.alignment";

/// Bytes of a tensor with these dimensions (the fastest first). Throws Error, saying only what is wrong, when
/// there are too many dimensions, one is not positive, the product overflows, or a row is not a whole number
/// of blocks.
std::uint64_t tensor_bytes(BlockType type, std::span<const std::int64_t> dims);

/// Throws Error, saying only what is wrong, unless it is a power of two from 8 to 64 KiB.
void check_alignment(std::uint64_t alignment);

/// `offset` up to the next multiple of `alignment`; no overflow for offsets in memory or in a file.
inline std::uint64_t align_up(std::uint64_t offset, std::uint64_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

/// "IQ2_XS (type 17)", also for types that this program does not read.
std::string type_name(std::uint32_t type);

}  // namespace focusllm::gguf
