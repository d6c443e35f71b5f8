#include "train/chunk_cache.h"

#include "base/error.h"

namespace focusllm::train {

std::vector<std::shared_ptr<const FrozenKv>> ChunkCache::get(
    std::span<const std::shared_ptr<const Chunk>> chunks, const CancelToken& cancel) {
  drop_expired();
  std::vector<std::shared_ptr<const Chunk>> missing;
  for (const auto& chunk : chunks) {
    const auto found = entries_.find(chunk->id);
    if (found == entries_.end()) {
      missing.push_back(chunk);
    } else if (found->second.kv->tokens() != static_cast<std::int64_t>(chunk->tokens.size())) {
      fail("chunk {}: {} tokens now, {} before: an id is never used again for another text", chunk->id,
           chunk->tokens.size(), found->second.kv->tokens());
    }
  }
  encode(missing, cancel);
  std::vector<std::shared_ptr<const FrozenKv>> encoded;
  for (const auto& chunk : chunks) encoded.push_back(entries_.at(chunk->id).kv);
  return encoded;
}

void ChunkCache::drop_expired() {
  std::erase_if(entries_, [](const auto& entry) { return entry.second.chunk.expired(); });
}

// One after the other: what a chunk becomes, to the last bit, must not depend on which others were missing,
// or a resumed run would not be the one that stopped.
void ChunkCache::encode(std::span<const std::shared_ptr<const Chunk>> missing, const CancelToken& cancel) {
  for (const auto& chunk : missing) {
    if (entries_.contains(chunk->id)) continue;  // it stands in the sample twice
    FrozenKv kv(model_.spec(), static_cast<std::int64_t>(chunk->tokens.size()), model_.backend());
    const OrdinarySequence sequence{nullptr, chunk->tokens, &kv};
    rows_.encode(std::span(&sequence, 1), cancel);
    entries_[chunk->id] = {chunk, std::make_shared<const FrozenKv>(std::move(kv))};
  }
}

}  // namespace focusllm::train
