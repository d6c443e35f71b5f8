#pragma once

#include "attention/work.h"

// Tiles of keys and blocks of queries: what attend_tiles() and collect_columns() share.

namespace focusllm::attention {

/// The keys of a tile, converted and padded with zero rows to a multiple of the kernel's key_step.
class Tile {
 public:
  static std::size_t bytes(const TileKernel& kernel, int dim, bool values);
  Tile(const TileKernel& kernel, const Problem& problem, int kv_head, bool values, Scratch& scratch);
  /// Loads the keys up to the next multiple of kTileKeys; false at the end.
  bool load(KeyCursor& cursor);

  int padded() const { return padded_; }
  const char* keys() const { return keys_; }
  const char* values() const { return panels_; }
  /// Whether rows that see `all` (every one) and `any` (at least one) need masks, or see nothing here.
  bool needs_mask(PositionRange all) const;
  bool hidden(PositionRange any) const;
  /// Bit k: a row with this range sees key k.
  std::uint64_t visible(PositionRange range) const;

  struct Piece {
    std::int64_t position = 0;
    std::int64_t column = 0;
    int begin = 0;
    int count = 0;
  };
  std::span<const Piece> pieces() const { return {pieces_, static_cast<std::size_t>(piece_count_)}; }

 private:
  void add(const Slice& slice);
  void finish();

  const TileKernel& kernel_;
  const Problem& problem_;
  int kv_head_;
  char* keys_;
  char* rows_ = nullptr;  // values before packing
  char* panels_ = nullptr;
  Piece pieces_[kTileKeys];
  int piece_count_ = 0;
  int count_ = 0;
  int padded_ = 0;
  std::int64_t lowest_ = 0;  // position
  std::int64_t highest_ = 0;
};

/// Spreads 64 visible bits of query q to the words of TileCall::visible.
inline void set_visible(std::uint32_t* words, int queries, int q, std::uint64_t bits) {
  for (int w = 0; w < kTileWords; ++w) words[w * queries + q] = static_cast<std::uint32_t>(bits >> (32 * w));
}

}  // namespace focusllm::attention
