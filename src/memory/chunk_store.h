#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>

#include "memory/segment.h"

namespace focusllm::memory {

/// Encoded chunks by their content: a chunk's keys and values follow from its tokens alone (positions restart
/// in every chunk), so any session of the same model may use them. Keeps those that were used last, up to a
/// number of bytes. Thread-safe.
class ChunkStore {
 public:
  explicit ChunkStore(std::int64_t most_bytes) : most_bytes_(most_bytes) {}

  /// What stands for the tokens encoded as `type`, or null.
  std::shared_ptr<const Segment> find(std::span<const std::int32_t> tokens, KvType type);
  void insert(std::span<const std::int32_t> tokens, std::shared_ptr<const Segment> segment);
  std::int64_t bytes() const;

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const Segment> segment;
  };
  void evict();

  std::int64_t most_bytes_;
  std::int64_t bytes_ = 0;
  std::list<Entry> entries_;  ///< last used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
  mutable std::mutex mutex_;
};

}  // namespace focusllm::memory
