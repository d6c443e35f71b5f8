#include "memory/segment_key.h"

#include <array>
#include <span>

#include "base/hash.h"

namespace focusllm::memory {

std::string SegmentKey::hash() const {
  const auto text = [](const std::string& part) { return std::as_bytes(std::span(part)); };
  const auto number = [](const auto& part) { return std::as_bytes(std::span(&part, 1)); };
  return content_hash(std::array{text(encoder.weights), number(encoder.model_number), text(encoder.spec),
                                 text(encoder.products), number(encoder.kv_type), number(encoder.version),
                                 std::as_bytes(std::span(tokens))});
}

std::int64_t SegmentKey::bytes() const {
  return std::ssize(encoder.weights) + std::ssize(encoder.spec) + std::ssize(encoder.products) +
         4 * std::ssize(tokens);
}

}  // namespace focusllm::memory
