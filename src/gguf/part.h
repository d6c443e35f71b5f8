#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "focusllm/gguf.h"

namespace focusllm::gguf {

/// What one file holds: a whole model, or one part of a split one. Strings and data are views into its bytes.
struct Part {
  std::uint32_t version = 0;
  std::vector<KeyValue> metadata;
  std::vector<Tensor> tensors;
};

/// Throws Error naming `file`, the key or tensor, and the offset.
Part read_part(std::span<const std::byte> bytes, const std::string& file);

}  // namespace focusllm::gguf
