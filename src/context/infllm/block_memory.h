#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "attention/partial.h"
#include "base/bf16.h"
#include "base/memory.h"
#include "memory/block_cache.h"
#include "memory/kv_pages.h"

namespace focusllm::context {

/// InfLLM's memory of one layer (methods.md section 2): all tokens' raw keys (before the rotary embedding)
/// and values. The first `initial` tokens are always seen; behind them stand blocks of `block` tokens, each
/// with a representative for every query head; what is not yet a block is the remainder, whose tokens collect
/// the attention they receive.
class BlockMemory {
 public:
  struct Sizes {
    std::int64_t local, initial, block, representatives;
  };
  /// cache: where the blocks are kept; null: in memory, all of them.
  BlockMemory(const attention::HeadShape& heads, attention::KvType type, const Sizes& sizes,
              std::unique_ptr<memory::BlockCache> cache);

  /// keys and values [rows, kv_heads * dim], `stride` floats apart.
  void append(const float* keys, const float* values, std::int64_t stride, std::int64_t rows);
  std::int64_t tokens() const { return keys_.count(); }
  std::int64_t blocks() const { return blocks_; }
  std::int64_t remainder_begin() const;  ///< first token that is neither initial nor in a block
  std::int64_t block_begin(std::int64_t block) const { return sizes_.initial + block * sizes_.block; }

  /// The `top_k` blocks nearest to `query` [heads, dim] (the mean of the block of queries, rotated): in text
  /// order. `isa`: whose kernels compare.
  std::vector<std::int64_t> select(Isa isa, const float* query, std::int64_t top_k) const;
  /// Runs of initial tokens [0, min(end, initial)), raw keys.
  void add_initial(std::int64_t end, std::vector<attention::KvRun>& runs) const;
  /// Runs of the remainder's tokens before `end`, raw keys.
  void add_remainder(std::int64_t end, std::vector<attention::KvRun>& runs) const;
  /// Runs of the remainder's tokens [begin, end) with `rotated` keys and the values held here.
  void add_runs(const memory::PagedRows& rotated, std::int64_t begin, std::int64_t end,
                std::vector<attention::KvRun>& runs) const {
    memory::add_runs(rotated, values_, begin, end, runs);
  }
  /// Runs of whole blocks, one after the other; valid until the next call.
  void add_blocks(std::span<const std::int64_t> blocks, std::vector<attention::KvRun>& runs);
  const memory::BlockCache* cache() const { return cache_.get(); }
  /// The attention that each block added last received, for a cache that wants to know.
  void score_blocks(std::span<const std::int64_t> blocks, std::span<const double> received) {
    cache_->score(blocks, received);
  }
  attention::KvType type() const { return keys_.type(); }
  /// Adds attention received: sums [heads, stride], of tokens first, first + 1, ..., `count` of them.
  void add_scores(std::int64_t first, std::int64_t count, const float* sums, std::int64_t stride);
  /// Cuts blocks from the remainder until all that is left is needed for the local window.
  void retire();

  /// Blocks that are cut from a text of `tokens` tokens.
  static std::int64_t blocks_of(const Sizes& sizes, std::int64_t tokens);
  std::int64_t bytes() const;
  /// Throws Error where blocks are in a file.
  void save(memory::Saver& saver) const;
  void load(memory::Loader& loader);
  static std::int64_t bytes_needed(const attention::HeadShape& heads, attention::KvType type,
                                   const Sizes& sizes, std::int64_t tokens, std::int64_t cache_blocks);

 private:
  /// Both: `offset` is the block's first token in the remainder as it was when scores_ was last cut.
  void cut_block(std::int64_t offset);
  /// A block's score, negative, and its number: the best first, and a lower number first where scores are
  /// equal.
  using Ranked = std::pair<float, std::int64_t>;
  /// The `top_k` best blocks of one page of representatives, in no order.
  void rank_page(Isa isa, const float* query, std::int64_t page, std::int64_t top_k,
                 std::vector<Ranked>& best) const;
  void represent(int head, std::int64_t first, std::int64_t offset, float* out) const;
  /// Where the next block's representatives go.
  Bf16* next_representatives();
  std::size_t page_bytes() const {
    return static_cast<std::size_t>(kPageBlocks * representative_width()) * sizeof(Bf16);
  }

  static constexpr std::int64_t kPageBlocks = 1024;  ///< of representatives

  attention::HeadShape heads_;
  Sizes sizes_;
  memory::PagedRows keys_, values_;                  ///< with a cache, blocks are dropped from these
  memory::PagedRows initial_keys_, initial_values_;  ///< a second copy of the initial tokens
  std::shared_ptr<memory::BlockCache> cache_;        ///< such a memory cannot be copied
  std::int64_t blocks_ = 0;
  std::int64_t representative_width() const { return std::int64_t{heads_.heads} * heads_.dim; }

  /// Pages of kPageBlocks blocks, each [heads, dim]. A copy of this memory shares them; who adds a block to a
  /// shared one takes a page of its own first.
  std::vector<std::shared_ptr<AlignedBuffer<Bf16>>> representatives_;
  std::vector<std::vector<float>> scores_;  ///< [heads][remainder tokens]
};

}  // namespace focusllm::context
