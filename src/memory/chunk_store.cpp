#include "memory/chunk_store.h"

#include <algorithm>

#include "base/hash.h"

namespace focusllm::memory {
namespace {

std::string key_of(std::uint64_t model, std::span<const std::int32_t> tokens, KvType type) {
  return std::to_string(model) + ' ' + content_hash(std::as_bytes(tokens)) +
         static_cast<char>('0' + static_cast<int>(type));
}

}  // namespace

std::shared_ptr<const Segment> ChunkStore::find(std::uint64_t model, std::span<const std::int32_t> tokens,
                                                KvType type) {
  const auto chunk = store_.find(key_of(model, tokens, type));
  return chunk != nullptr && std::ranges::equal(chunk->tokens, tokens) ? chunk->segment : nullptr;
}

void ChunkStore::insert(std::uint64_t model, std::span<const std::int32_t> tokens,
                        std::shared_ptr<const Segment> segment) {
  const std::string key = key_of(model, tokens, segment->type());
  store_.insert(key,
                std::make_shared<const Chunk>(Chunk{{tokens.begin(), tokens.end()}, std::move(segment)}));
}

}  // namespace focusllm::memory
