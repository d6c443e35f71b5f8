#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/memory.h"
#include "memory/block_file.h"
#include "memory/kv_layout.h"
#include "memory/kv_pages.h"

namespace focusllm::memory {

/// Which block makes room for another one (methods.md section 2): the one that was chosen longest ago (lru),
/// or the one with the least attention (lru-s), where a score fades by `decay` with every choice, and starts
/// anew for a block that is chosen again if `forget` is set, as in the official code.
struct Eviction {
  bool by_score = false;
  double decay = 1;
  bool forget = false;
};

/// Keys and values of one layer's memory blocks in a file, of which a limited number stand in memory.
class BlockCache {
 public:
  /// Where a layer's blocks lie in the file that all layers share: at record first + block * step.
  struct Place {
    std::shared_ptr<BlockFile> file;
    std::int64_t first, step;
  };
  BlockCache(const HeadShape& shape, KvType type, std::int64_t block_tokens, std::int64_t slots, Place place,
             Eviction eviction);

  /// Of a block in the file and in memory (KvLayout).
  static std::int64_t record_bytes(const HeadShape& shape, KvType type, std::int64_t block_tokens);

  /// Puts the next block, tokens [begin, begin + block_tokens), into the file.
  void add(const PagedRows& keys, const PagedRows& values, std::int64_t begin);
  /// Brings blocks into memory, as many as there are slots at most, and appends a run for each: valid until
  /// the next call. Block i begins at token origin + i * block_tokens.
  void fetch(std::span<const std::int64_t> blocks, std::int64_t origin, std::vector<attention::KvRun>& runs);
  bool wants_scores() const { return eviction_.by_score; }
  /// The attention that each of the blocks fetched last received.
  void score(std::span<const std::int64_t> blocks, std::span<const double> received);

  std::int64_t found() const { return found_; }  ///< fetched blocks that stood in memory
  std::int64_t read() const { return read_; }    ///< fetched blocks that came from the file
  std::int64_t bytes() const { return static_cast<std::int64_t>(data_.size()); }
  std::int64_t file_bytes() const { return blocks_ * place_.file->record_bytes(); }

 private:
  struct Slot {
    std::int64_t block = -1;
    std::int64_t chosen = 0;  ///< number of the fetch that chose it last
    double score = 0;
  };
  std::span<std::byte> slot_bytes(std::int64_t slot);
  attention::KvRun run(std::int64_t slot, std::int64_t position) const;
  /// The `count` slots to be used next, none of them of a block chosen by this fetch.
  std::vector<std::int64_t> victims(std::size_t count) const;

  KvLayout layout_;  ///< of a record, one layer
  Place place_;
  Eviction eviction_;
  std::int64_t blocks_ = 0;  ///< in the file
  AlignedBuffer<std::byte> data_;
  std::vector<Slot> slots_;
  std::unordered_map<std::int64_t, std::int64_t> slot_of_;  ///< of a block in memory
  std::int64_t fetches_ = 0, found_ = 0, read_ = 0;
};

}  // namespace focusllm::memory
