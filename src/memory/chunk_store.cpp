#include "memory/chunk_store.h"

#include "base/hash.h"

namespace focusllm::memory {
namespace {

std::string key_of(std::span<const std::int32_t> tokens, KvType type) {
  return content_hash(std::as_bytes(tokens)) + static_cast<char>('0' + static_cast<int>(type));
}

}  // namespace

std::shared_ptr<const Segment> ChunkStore::find(std::span<const std::int32_t> tokens, KvType type) {
  return store_.find(key_of(tokens, type));
}

void ChunkStore::insert(std::span<const std::int32_t> tokens, std::shared_ptr<const Segment> segment) {
  const KvType type = segment->type();
  store_.insert(key_of(tokens, type), std::move(segment));
}

}  // namespace focusllm::memory
