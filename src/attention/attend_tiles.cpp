#include <algorithm>
#include <bit>
#include <cmath>

#include "attention/tiles.h"

// Flash attention: the queries of some rows, all heads of one key head, against one tile of keys after the
// other. A tile is converted and packed once and stays in the cache for all blocks of queries.

namespace focusllm::attention {
namespace {

struct Block {
  int first = 0;    // query of the work: row * group + head
  int queries = 0;  // in use
  int width = 0;    // with unused lanes
  void* packed = nullptr;
  float* top = nullptr;
  float* total = nullptr;
  float* out = nullptr;
};

class TileWork {
 public:
  TileWork(const TileKernel& kernel, const Work& work)
      : kernel_(kernel),
        work_(work),
        problem_(*work.problem),
        dim_(problem_.shape.dim),
        group_(problem_.shape.heads / problem_.shape.kv_heads),
        queries_(static_cast<int>(work.rows) * group_),
        block_width_(kVectors * kernel.lanes),
        scratch_(prepare(Scratch::of_this_thread())),
        tile_(kernel, problem_, work.kv_head, with_values(), scratch_) {}

  void run() {
    make_blocks();
    KeyCursor cursor(problem_, work_.columns);
    while (tile_.load(cursor)) {
      for (int b = 0; b < block_count(); ++b) attend(blocks_[b]);
    }
    for (int b = 0; b < block_count(); ++b) store(blocks_[b]);
  }

 private:
  bool with_values() const { return work_.out != nullptr; }
  int block_count() const { return (queries_ + block_width_ - 1) / block_width_; }

  Scratch& prepare(Scratch& scratch) {
    const std::int64_t width = block_width_;
    const std::size_t block =
        Scratch::rounded(width * dim_ * 4) * (with_values() ? 2 : 1) + Scratch::rounded(width * 4) * 2;
    const std::size_t shared =
        Scratch::rounded(kTileKeys * width * 4) + Scratch::rounded(kTileWords * width * 4);
    scratch.reset(Tile::bytes(kernel_, dim_, with_values()) +
                  static_cast<std::size_t>(block_count()) * (block + 64) + shared +
                  Scratch::rounded(block_count() * static_cast<std::int64_t>(sizeof(Block))));
    blocks_ = scratch.take<Block>(block_count());
    scores_ = scratch.take<float>(kTileKeys * width);
    visible_ = scratch.take<std::uint32_t>(kTileWords * width);
    return scratch;
  }

  void make_blocks() {
    for (int b = 0; b < block_count(); ++b) {
      Block& block = blocks_[b];
      block.first = b * block_width_;
      block.queries = std::min(block_width_, queries_ - block.first);
      block.width = (block.queries + kernel_.lanes - 1) / kernel_.lanes * kernel_.lanes;
      block.packed = scratch_.take<char>(std::int64_t{block.width} * dim_ * kernel_.element_bytes);
      block.top = scratch_.take<float>(block.width);
      block.total = scratch_.take<float>(block.width);
      std::fill_n(block.top, block.width, kStartTop);
      std::fill_n(block.total, block.width, 0.0F);
      if (with_values()) {
        block.out = scratch_.take<float>(std::int64_t{block.width} * dim_);
        std::fill_n(block.out, std::int64_t{block.width} * dim_, 0.0F);
      }
      const float* rows[kMaxQueries];
      for (int q = 0; q < block.width; ++q) rows[q] = q < block.queries ? query(block.first + q) : nullptr;
      kernel_.pack_queries(rows, block.width, dim_, static_cast<float>(problem_.scale * kLog2E),
                           block.packed);
    }
  }

  const float* query(int index) const {
    const std::int64_t row = work_.row + index / group_;
    return problem_.queries + (row * problem_.shape.heads + work_.kv_head * group_ + index % group_) * dim_;
  }

  std::int64_t row_of(int query) const { return work_.row + query / group_; }

  void attend(const Block& block) {
    const PositionRange first = seen_by(problem_, row_of(block.first));
    const PositionRange last = seen_by(problem_, row_of(block.first + block.queries - 1));
    if (tile_.hidden({first.first, last.last})) return;
    if (!tile_.needs_mask({last.first, first.last})) return attend(block, 0, tile_.padded(), nullptr);
    const std::uint64_t any = make_masks(block);
    if (any == 0) return;
    const int step = kernel_.key_step;
    const int begin = std::countr_zero(any) / step * step;  // nobody sees a key before it
    const int end = (64 - std::countl_zero(any) + step - 1) / step * step;
    for (int q = 0; q < block.width; ++q) set_visible(visible_, block.width, q, masks_[q] >> begin);
    attend(block, begin, end, visible_);
  }

  void attend(const Block& block, int begin, int end, const std::uint32_t* visible) {
    kernel_.attend({.dim = dim_,
                    .first_key = begin,
                    .keys = end - begin,
                    .panel_keys = tile_.padded(),
                    .vectors = block.width / kernel_.lanes,
                    .queries = block.packed,
                    .key_rows = tile_.keys(),
                    .values = tile_.values(),
                    .visible = visible,
                    .scores = scores_,
                    .top = block.top,
                    .total = block.total,
                    .out = block.out});
  }

  /// Fills masks_ for the queries of the block; returns the keys that any of them sees.
  std::uint64_t make_masks(const Block& block) {
    std::uint64_t bits = 0;
    std::uint64_t any = 0;
    std::int64_t of = -1;
    for (int q = 0; q < block.width; ++q) {
      const std::int64_t row = row_of(block.first + std::min(q, block.queries - 1));
      if (row != of) bits = tile_.visible(seen_by(problem_, row));
      of = row;
      any |= bits;
      masks_[q] = bits;
    }
    return any;
  }

  void store(const Block& block) {
    float factors[kMaxQueries] = {};
    float* rows[kMaxQueries] = {};
    for (int q = 0; q < block.queries; ++q) {
      const int row = (block.first + q) / group_;
      const int head = (block.first + q) % group_;
      factors[q] = block.total[q] > 0 ? 1 / block.total[q] : 0;
      if (with_values()) rows[q] = work_.out + row * work_.out_stride + std::int64_t{head} * dim_;
      work_.lse[row * work_.lse_stride + head] = natural_lse(block.top[q], block.total[q]);
    }
    if (with_values()) kernel_.unpack(block.out, block.width, dim_, factors, rows);
  }

  const TileKernel& kernel_;
  const Work& work_;
  const Problem& problem_;
  int dim_;
  int group_;
  int queries_;
  int block_width_;
  Block* blocks_ = nullptr;
  float* scores_ = nullptr;
  std::uint32_t* visible_ = nullptr;
  std::uint64_t masks_[kMaxQueries] = {};  // of the block at hand
  Scratch& scratch_;
  Tile tile_;
};

}  // namespace

void attend_tiles(const TileKernel& kernel, const Work& work) {
  TileWork(kernel, work).run();
}

}  // namespace focusllm::attention
