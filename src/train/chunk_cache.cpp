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
      entries_[chunk->id];  // a chunk that stands twice in a sample is encoded once
      missing.push_back(chunk);
    } else if (found->second.kv != nullptr &&
               found->second.kv->tokens() != static_cast<std::int64_t>(chunk->tokens.size())) {
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

void ChunkCache::encode(std::span<const std::shared_ptr<const Chunk>> missing, const CancelToken& cancel) {
  std::vector<FrozenKv> kv;
  kv.reserve(missing.size());
  std::vector<OrdinarySequence> sequences;
  for (const auto& chunk : missing) {
    kv.emplace_back(model_.spec(), static_cast<std::int64_t>(chunk->tokens.size()), model_.backend());
    sequences.push_back({nullptr, chunk->tokens, &kv.back()});
  }
  rows_.encode(sequences, cancel);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    entries_[missing[i]->id] = {missing[i], std::make_shared<const FrozenKv>(std::move(kv[i]))};
  }
}

}  // namespace focusllm::train
