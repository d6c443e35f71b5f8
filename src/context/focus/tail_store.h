#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "memory/content_store.h"
#include "memory/segment.h"

namespace focusllm::context {

/// A chunk's tail when its candidate was made: what the next question that ends like this one need not
/// compute.
struct EncodedTail {
  std::weak_ptr<const memory::Segment> chunk;  ///< not kept: it is ten times as large
  std::vector<memory::Segment> pages;          ///< of `rows` ordinary rows
  std::int64_t rows = 0;
  std::vector<float> candidate;  ///< [layers, keys and values, kv_heads * dim], keys before rotation
  std::int64_t bytes() const;
};

/// Tails by chunk and tokens, for sessions that ask the same behind texts that are mostly the same, as an
/// evaluation does. Keeps those that were used last, up to a number of bytes. Thread-safe.
class TailStore {
 public:
  explicit TailStore(std::int64_t most_bytes) : store_(most_bytes) {}

  /// What stands behind the chunk for the tokens, or null.
  std::shared_ptr<const EncodedTail> find(const std::shared_ptr<const memory::Segment>& chunk,
                                          std::span<const std::int32_t> tokens);
  /// Of a chunk that is there.
  void insert(std::span<const std::int32_t> tokens, std::shared_ptr<const EncodedTail> tail);
  std::int64_t bytes() const { return store_.bytes(); }

 private:
  memory::ContentStore<EncodedTail> store_;
};

}  // namespace focusllm::context
