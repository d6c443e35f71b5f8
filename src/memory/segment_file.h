#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "memory/segment.h"

namespace focusllm::memory {

// A segment in a file, which is read where it is mapped. Little-endian; what stands between the parts is
// zero.
//
//   byte  size
//      0     8  "focusseg"
//      8     4  version of this format: 1
//     12     4  EncoderIdentity::version
//     16     4  number type of keys and values: 0 f32, 1 bf16, 2 int8
//     20    16  query heads, key/value heads, width of a head, layers: 4 each
//     36    12  bytes of the texts: 4 each
//     48     8  tokens
//     56    16  name of the instruction set that encoded it
//     72    32  content_hash of the file without these 32 bytes
//    104    24  zero
//    128        the texts: EncoderIdentity::weights, spec and products
//               tokens, 4 bytes each, from the next multiple of 64 on
//               keys and values as KvLayout says, from the next multiple of 64 to the end

/// Writes a segment that has a key, to be found by the hash of the model's weights. The file appears whole or
/// not at all. Throws Error if it cannot be written, or if nobody has hashed the weights.
void write_segment(const std::filesystem::path& path, const Segment& segment);

/// Maps such a file; the segment keeps the mapping. All of it is read once, to compare its hash. Throws Error
/// with the file's name and what is wrong with it.
std::shared_ptr<const Segment> open_segment(const std::filesystem::path& path);

/// The same from memory that begins at a multiple of KvLayout::kAlignment and is kept by `owner`; `name` is
/// for errors.
std::shared_ptr<const Segment> parse_segment(std::span<const std::byte> file,
                                             const std::shared_ptr<const void>& owner,
                                             const std::string& name);

}  // namespace focusllm::memory
