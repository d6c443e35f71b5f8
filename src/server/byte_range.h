#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace focusllm::server {

/// A part of a body.
struct ByteRange {
  std::size_t first = 0, bytes = 0;
};

/// What a header field Range asks for of `size` bytes: "bytes=a-b", "bytes=a-" or "bytes=-n" (RFC
/// 9110, 14.1.2). Nothing for several ranges, other units and what is no range: the whole body is the answer
/// then. Of a range that has no byte of the body `bytes` is 0.
std::optional<ByteRange> byte_range(std::string_view field, std::size_t size);

}  // namespace focusllm::server
