#include "context/focus/tail_store.h"

#include <array>
#include <span>

#include "base/hash.h"

namespace focusllm::context {

std::string TailKey::hash() const {
  const std::string of_chunk = chunk->hash();
  return content_hash(std::array{std::as_bytes(std::span(of_chunk)), std::as_bytes(std::span(&model, 1)),
                                 std::as_bytes(std::span(tokens))});
}

std::int64_t TailKey::bytes() const {
  return chunk->bytes() + 4 * std::ssize(tokens);
}

bool TailKey::operator==(const TailKey& other) const {
  return model == other.model && tokens == other.tokens && *chunk == *other.chunk;
}

std::int64_t EncodedTail::bytes() const {
  auto bytes = static_cast<std::int64_t>(candidate.size() * sizeof(float));
  for (const memory::Segment& page : pages) bytes += page.bytes();
  return bytes;
}

}  // namespace focusllm::context
