#pragma once

#include <memory>
#include <span>
#include <vector>

#include "memory/content_store.h"
#include "memory/segment.h"

namespace focusllm::memory {

/// Encoded chunks by what they follow from: the model, the number type of keys and values, and the tokens
/// (positions restart in every chunk), so that any session of the same model may use them. Keeps those that
/// were used last, up to a number of bytes. Thread-safe; sessions of several models may share one.
class ChunkStore {
 public:
  explicit ChunkStore(std::int64_t most_bytes) : store_(most_bytes) {}

  /// What a model (model::Model::number()) makes of the tokens as `type`, or null.
  std::shared_ptr<const Segment> find(std::uint64_t model, std::span<const std::int32_t> tokens, KvType type);
  void insert(std::uint64_t model, std::span<const std::int32_t> tokens,
              std::shared_ptr<const Segment> segment);
  std::int64_t bytes() const { return store_.bytes(); }

 private:
  struct Chunk {
    std::vector<std::int32_t> tokens;  ///< compared: the key is a hash of them
    std::shared_ptr<const Segment> segment;
    std::int64_t bytes() const { return segment->bytes() + 4 * std::ssize(tokens); }
  };
  ContentStore<Chunk> store_;
};

}  // namespace focusllm::memory
