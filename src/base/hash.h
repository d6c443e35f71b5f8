#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace focusllm {

/// XXH3 (128 bits) of some bytes as 32 hexadecimal digits: tells contents apart, protects against nobody.
std::string content_hash(std::span<const std::byte> bytes);
/// The same of several pieces as if they stood side by side.
std::string content_hash(std::span<const std::span<const std::byte>> pieces);

}  // namespace focusllm
