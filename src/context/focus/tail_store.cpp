#include "context/focus/tail_store.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace focusllm::context {
namespace {

/// By the chunk's address. A chunk made by std::make_shared leaves it to no other while an entry points to
/// it, even weakly; find() makes sure for one that was not.
std::string key_of(const memory::Segment* chunk, std::span<const std::int32_t> tokens) {
  return content_hash(std::as_bytes(tokens)) + fmt::format(" {}", static_cast<const void*>(chunk));
}

}  // namespace

std::int64_t EncodedTail::bytes() const {
  auto bytes = static_cast<std::int64_t>(candidate.size() * sizeof(float));
  for (const memory::Segment& page : pages) bytes += page.bytes();
  return bytes;
}

std::shared_ptr<const EncodedTail> TailStore::find(const std::shared_ptr<const memory::Segment>& chunk,
                                                   std::span<const std::int32_t> tokens) {
  auto tail = store_.find(key_of(chunk.get(), tokens));
  if (tail && tail->chunk.lock() != chunk) tail.reset();
  return tail;
}

void TailStore::insert(std::span<const std::int32_t> tokens, std::shared_ptr<const EncodedTail> tail) {
  const std::string key = key_of(tail->chunk.lock().get(), tokens);
  store_.insert(key, std::move(tail));
}

}  // namespace focusllm::context
