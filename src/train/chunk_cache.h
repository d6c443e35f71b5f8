#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "train/ordinary_rows.h"
#include "train/sample.h"

namespace focusllm::train {

/// Encoded chunks, kept for as long as someone else holds the chunk. Not thread-safe.
class ChunkCache {
 public:
  /// The model and the rows outlive it.
  ChunkCache(const FrozenModel& model, OrdinaryRows& rows) : model_(model), rows_(rows) {}

  /// Keys and values of the chunks, in order; those that are missing are encoded now.
  std::vector<std::shared_ptr<const FrozenKv>> get(std::span<const std::shared_ptr<const Chunk>> chunks,
                                                   const CancelToken& cancel);

 private:
  struct Entry {
    std::weak_ptr<const Chunk> chunk;
    std::shared_ptr<const FrozenKv> kv;
  };
  void drop_expired();
  void encode(std::span<const std::shared_ptr<const Chunk>> missing, const CancelToken& cancel);

  const FrozenModel& model_;
  OrdinaryRows& rows_;
  std::unordered_map<std::uint64_t, Entry> entries_;
};

}  // namespace focusllm::train
