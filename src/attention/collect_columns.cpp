#include <algorithm>
#include <cmath>

#include "attention/tiles.h"

namespace focusllm::attention {
namespace {

constexpr float kNoWeight = 1e30F;                 // as a log-sum-exp: every weight is 0
constexpr std::int64_t kPackedBytes = 256 * 1024;  // of queries, to stay in the second-level cache

class ColumnWork {
 public:
  ColumnWork(const TileKernel& kernel, const Work& work, Collect collect, const float* lse, float* columns,
             std::int64_t stride)
      : kernel_(kernel),
        work_(work),
        collect_(collect),
        problem_(*work.problem),
        dim_(problem_.shape.dim),
        group_(problem_.shape.heads / problem_.shape.kv_heads),
        width_(kVectors * kernel.lanes),
        lse_(lse),
        to_(columns),
        stride_(stride),
        rows_at_once_(
            std::clamp(kPackedBytes / (std::int64_t{dim_} * kernel.element_bytes * group_) / width_ * width_,
                       std::int64_t{width_}, round_up(work.rows))),
        scratch_(prepare(Scratch::of_this_thread())),
        tile_(kernel, problem_, work.kv_head, false, scratch_) {}

  void run() {
    for (std::int64_t row = 0; row < work_.rows; row += rows_at_once_) {
      first_row_ = row;
      rows_ = std::min(rows_at_once_, work_.rows - row);
      pack();
      KeyCursor cursor(problem_, work_.columns);
      while (tile_.load(cursor)) {
        if (tile_.hidden(seen_by_any(problem_, row, row + rows_ - 1))) continue;
        for (int head = 0; head < group_; ++head) collect_head(head);
      }
    }
  }

 private:
  std::int64_t round_up(std::int64_t rows) const { return (rows + width_ - 1) / width_ * width_; }

  Scratch& prepare(Scratch& scratch) {
    const std::int64_t queries = group_ * rows_at_once_;
    scratch.reset(Tile::bytes(kernel_, dim_, false) +
                  Scratch::rounded(queries * dim_ * kernel_.element_bytes) + Scratch::rounded(queries * 4) +
                  Scratch::rounded(kTileKeys * width_ * 4) + Scratch::rounded(kTileWords * width_ * 4) +
                  Scratch::rounded(kTileKeys * kernel_.lanes * 4));
    packed_ = scratch.take<char>(queries * dim_ * kernel_.element_bytes);
    lse2_ = scratch.take<float>(queries);
    scores_ = scratch.take<float>(kTileKeys * width_);
    visible_ = scratch.take<std::uint32_t>(kTileWords * width_);
    columns_ = scratch.take<float>(kTileKeys * kernel_.lanes);
    return scratch;
  }

  /// Rows [first, first + width) of one head: the queries in the lanes of a block.
  std::int64_t block_width(std::int64_t first) const {
    return std::min<std::int64_t>(width_,
                                  (rows_ - first + kernel_.lanes - 1) / kernel_.lanes * kernel_.lanes);
  }

  void pack() {
    for (int head = 0; head < group_; ++head) {
      for (std::int64_t first = 0; first < rows_; first += width_) pack_block(head, first);
    }
  }

  void pack_block(int head, std::int64_t first) {
    const float* rows[kMaxQueries] = {};
    float* lse = lse2_ + head * rows_at_once_ + first;
    const std::int64_t width = block_width(first);
    for (std::int64_t q = 0; q < width; ++q) {
      lse[q] = kNoWeight;
      if (first + q >= rows_) continue;
      const std::int64_t at = (first_row_ + first + q) * problem_.shape.heads + work_.kv_head * group_ + head;
      rows[q] = problem_.queries + at * dim_;
      if (std::isfinite(lse_[at])) lse[q] = static_cast<float>(lse_[at] * kLog2E);
    }
    kernel_.pack_queries(rows, static_cast<int>(width), dim_, static_cast<float>(problem_.scale * kLog2E),
                         packed(head, first));
  }

  char* packed(int head, std::int64_t first) const {
    return packed_ + (head * rows_at_once_ + first) * dim_ * kernel_.element_bytes;
  }

  void collect_head(int head) {
    std::fill_n(columns_, tile_.padded() * kernel_.lanes, 0.0F);
    for (std::int64_t first = 0; first < rows_; first += width_) collect_block(head, first);
    float* to = to_ + (work_.kv_head * group_ + head) * stride_;
    const auto reduce = kernel_.reduce[static_cast<std::size_t>(collect_)];
    for (const Tile::Piece& piece : tile_.pieces())
      reduce(columns_ + piece.begin * kernel_.lanes, piece.count, to + piece.column);
  }

  void collect_block(int head, std::int64_t first) {
    const std::int64_t width = block_width(first);
    const std::int64_t last = std::min(first + width, rows_) - 1;
    const PositionRange top = seen_by(problem_, first_row_ + first);
    const PositionRange bottom = seen_by(problem_, first_row_ + last);
    if (tile_.hidden({top.first, bottom.last})) return;
    const bool masked = tile_.needs_mask({bottom.first, top.last});
    for (std::int64_t q = 0; masked && q < width; ++q) {
      const PositionRange seen = seen_by(problem_, first_row_ + std::min(first + q, last));
      set_visible(visible_, static_cast<int>(width), static_cast<int>(q), tile_.visible(seen));
    }
    kernel_.collect[static_cast<std::size_t>(collect_)]({.dim = dim_,
                                                         .keys = tile_.padded(),
                                                         .vectors = static_cast<int>(width) / kernel_.lanes,
                                                         .queries = packed(head, first),
                                                         .key_rows = tile_.keys(),
                                                         .visible = masked ? visible_ : nullptr,
                                                         .scores = scores_,
                                                         .lse = lse2_ + head * rows_at_once_ + first,
                                                         .columns = columns_});
  }

  const TileKernel& kernel_;
  const Work& work_;
  Collect collect_;
  const Problem& problem_;
  int dim_;
  int group_;
  int width_;
  const float* lse_;
  float* to_;
  std::int64_t stride_;
  std::int64_t rows_at_once_;  // a multiple of width_
  std::int64_t first_row_ = 0;
  std::int64_t rows_ = 0;
  char* packed_ = nullptr;
  float* lse2_ = nullptr;  // [group][rows_at_once_], base 2
  float* scores_ = nullptr;
  std::uint32_t* visible_ = nullptr;
  float* columns_ = nullptr;
  Scratch& scratch_;
  Tile tile_;
};

}  // namespace

void collect_columns(const TileKernel& kernel, const Work& work, Collect collect, const float* lse,
                     float* columns, std::int64_t stride) {
  ColumnWork(kernel, work, collect, lse, columns, stride).run();
}

}  // namespace focusllm::attention
