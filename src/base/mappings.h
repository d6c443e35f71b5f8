#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace focusllm {

/// Which file stands at which addresses, for mapped_file_at(). From any thread; throws std::bad_alloc.
void remember_mapping(std::span<const std::byte> bytes, const std::string& path);
void forget_mapping(std::span<const std::byte> bytes) noexcept;

}  // namespace focusllm
