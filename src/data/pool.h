#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "data/passage.h"

namespace focusllm::data {

using Chunks = std::vector<std::shared_ptr<const PoolChunk>>;

/// The chunks that samples are made of. Each run is a window that slides over an endless sequence of
/// passages, so that at each step a few chunks leave and as many come. What stands in it follows from the
/// seed and the step alone: any step can be asked for, in any order. Not thread-safe.
class Pool {
 public:
  /// `ids` is the id of the first chunk; two pools in one process need 2^62 between theirs.
  Pool(const ChunkSource& source, std::uint64_t seed, std::uint64_t ids);
  /// The runs at a step, each in the order of its text.
  const std::vector<Chunks>& runs(std::int64_t step);

 private:
  const std::shared_ptr<const PoolChunk>& chunk(std::int64_t run, std::int64_t index);
  void let_go(std::int64_t run, std::int64_t begin, std::int64_t end);

  const ChunkSource& source_;
  std::uint64_t seed_, ids_;
  std::int64_t length_;  ///< chunks in a passage
  std::int64_t step_ = -1;
  std::vector<Chunks> runs_;
  /// By run and index; null where a chunk has left the pool: what the trainer made of it is kept for as long
  /// as someone holds it, and no longer.
  std::map<std::pair<std::int64_t, std::int64_t>, Chunks> passages_;
};

}  // namespace focusllm::data
