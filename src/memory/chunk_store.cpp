#include "memory/chunk_store.h"

#include "base/hash.h"

namespace focusllm::memory {
namespace {

std::string key_of(std::span<const std::int32_t> tokens, KvType type) {
  return content_hash(std::as_bytes(tokens)) + static_cast<char>('0' + static_cast<int>(type));
}

}  // namespace

std::shared_ptr<const Segment> ChunkStore::find(std::span<const std::int32_t> tokens, KvType type) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key_of(tokens, type));
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->segment;
}

void ChunkStore::insert(std::span<const std::int32_t> tokens, std::shared_ptr<const Segment> segment) {
  const std::lock_guard lock(mutex_);
  std::string key = key_of(tokens, segment->type());
  if (by_key_.contains(key)) return;
  bytes_ += segment->bytes();
  entries_.push_front({key, std::move(segment)});
  by_key_.emplace(std::move(key), entries_.begin());
  evict();
}

void ChunkStore::evict() {
  while (bytes_ > most_bytes_ && !entries_.empty()) {
    bytes_ -= entries_.back().segment->bytes();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

std::int64_t ChunkStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace focusllm::memory
