#pragma once

#include <span>

#include "memory/content_store.h"
#include "memory/segment.h"

namespace focusllm::memory {

/// Encoded chunks by their content: a chunk's keys and values follow from its tokens alone (positions restart
/// in every chunk), so any session of the same model may use them. Keeps those that were used last, up to a
/// number of bytes. Thread-safe.
class ChunkStore {
 public:
  explicit ChunkStore(std::int64_t most_bytes) : store_(most_bytes) {}

  /// What stands for the tokens encoded as `type`, or null.
  std::shared_ptr<const Segment> find(std::span<const std::int32_t> tokens, KvType type);
  void insert(std::span<const std::int32_t> tokens, std::shared_ptr<const Segment> segment);
  std::int64_t bytes() const { return store_.bytes(); }

 private:
  ContentStore<Segment> store_;
};

}  // namespace focusllm::memory
