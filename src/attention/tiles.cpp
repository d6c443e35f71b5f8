#include "attention/tiles.h"

#include <algorithm>
#include <cstring>

namespace focusllm::attention {

static_assert(kTileKeys <= 64, "visible keys of a tile are the bits of one word");

std::size_t Tile::bytes(const TileKernel& kernel, int dim, bool values) {
  return Scratch::rounded(std::int64_t{kTileKeys} * dim * kernel.element_bytes) * (values ? 3 : 1);
}

Tile::Tile(const TileKernel& kernel, const Problem& problem, int kv_head, bool values, Scratch& scratch)
    : kernel_(kernel), problem_(problem), kv_head_(kv_head) {
  const std::int64_t bytes = std::int64_t{kTileKeys} * problem.shape.dim * kernel.element_bytes;
  keys_ = scratch.take<char>(bytes);
  if (!values) return;
  rows_ = scratch.take<char>(bytes);
  panels_ = scratch.take<char>(bytes);
}

bool Tile::load(KeyCursor& cursor) {
  piece_count_ = 0;
  count_ = 0;
  do {
    const Slice slice = cursor.next(kTileKeys - cursor.column() % kTileKeys);
    if (slice.count == 0) break;
    add(slice);
  } while (cursor.column() % kTileKeys != 0);
  if (count_ > 0) finish();
  return count_ > 0;
}

void Tile::add(const Slice& slice) {
  const KvRun& run = *slice.run;
  const int dim = problem_.shape.dim;
  const auto count = static_cast<int>(slice.count);
  const std::int64_t offset = std::int64_t{count_} * dim * kernel_.element_bytes;
  const auto load = [&](const void* data, const float* scales, char* to) {
    kernel_.load_rows(static_cast<int>(problem_.type),
                      token_data(problem_.type, data, dim, run, kv_head_, slice.begin),
                      token_scales(scales, run, kv_head_, slice.begin), count, dim, to + offset);
  };
  load(run.keys, run.key_scales, keys_);
  if (rows_ != nullptr) load(run.values, run.value_scales, rows_);
  const std::int64_t position = run.position + slice.begin;
  lowest_ = piece_count_ == 0 ? position : std::min(lowest_, position);
  highest_ = piece_count_ == 0 ? position + count - 1 : std::max(highest_, position + count - 1);
  pieces_[piece_count_++] = {position, slice.column, count_, count};
  count_ += count;
}

void Tile::finish() {
  const int dim = problem_.shape.dim;
  padded_ = (count_ + kernel_.key_step - 1) / kernel_.key_step * kernel_.key_step;
  const std::int64_t row = std::int64_t{dim} * kernel_.element_bytes;
  const auto gap = static_cast<std::size_t>((padded_ - count_) * row);
  std::memset(keys_ + count_ * row, 0, gap);
  if (rows_ == nullptr) return;
  std::memset(rows_ + count_ * row, 0, gap);
  kernel_.pack_values(rows_, padded_, dim, panels_);
}

bool Tile::needs_mask(PositionRange all) const {
  return count_ != padded_ || lowest_ < all.first || highest_ >= all.last;
}

bool Tile::hidden(PositionRange any) const {
  return highest_ < any.first || lowest_ >= any.last;
}

std::uint64_t Tile::visible(PositionRange range) const {
  std::uint64_t bits = 0;
  for (const Piece& piece : pieces()) {
    const IndexRange seen = inside(range, piece.position, piece.count);
    const int count = seen.last - seen.first;
    if (count == 0) continue;
    const std::uint64_t ones = count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
    bits |= ones << (piece.begin + seen.first);
  }
  return bits;
}

}  // namespace focusllm::attention
