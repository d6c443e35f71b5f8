// Included by int8_kernel.cpp only.
#pragma once

#include "tensor/amx_tiles-inl.h"
#include "tensor/int8_kernel.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

/// A block's sums of one tile, and where they go: to = from (where `add`) + scaled sums.
struct ScaledTile {
  const std::int32_t* sums = nullptr;
  const std::int32_t* start = nullptr;
  const float* row_scales = nullptr;
  const float* channel_scales = nullptr;
  Results from{}, to{};
  bool add = false;

  void finish(long first) const {
    if (!sums) return;
    if (add) {
      finish_rows<true>(first);
    } else {
      finish_rows<false>(first);
    }
  }

 private:
  template <bool kAdd>
  __attribute__((always_inline)) void finish_rows(long first) const {
    // Copies, as vector stores may write to anything that the compiler has to assume in memory.
    const std::int32_t* sum = sums + first * kTileChannels;
    const float* scale = row_scales + first;
    const float* before = from.at(first, 0).data;
    float* after = to.at(first, 0).data;
    const long before_stride = from.stride, after_stride = to.stride;
    const __m512i starts[2] = {_mm512_load_si512(start), _mm512_load_si512(start + 16)};
    const __m512 channels[2] = {_mm512_load_ps(channel_scales), _mm512_load_ps(channel_scales + 16)};
#pragma GCC unroll 8
    for (long r = 0; r < kFinishedTogether; ++r) {
      const __m512 row = _mm512_set1_ps(scale[r]);
#pragma GCC unroll 2
      for (long j = 0; j < 2; ++j) {
        const __m512i whole =
            _mm512_add_epi32(_mm512_load_si512(sum + r * kTileChannels + 16 * j), starts[j]);
        const __m512 old = kAdd ? _mm512_loadu_ps(before + 16 * j) : _mm512_setzero_ps();
        _mm512_storeu_ps(after + 16 * j,
                         _mm512_fmadd_ps(_mm512_cvtepi32_ps(whole), _mm512_mul_ps(channels[j], row), old));
      }
      before += before_stride;
      after += after_stride;
    }
  }
};

class ScaledTiles {
 public:
  ScaledTiles(const Int8Rows& rows, const Int8Panel& panel) : rows_(rows), panel_(panel) {}

  /// Up to kTogether rows: a block of weights stays in the nearest cache for all of them, and so do the
  /// results from block to block. The last tile's results are there after finish().
  void multiply(long row, long count, Results y, bool accumulate) {
    long block = 0;
    for (long k = 0; k < panel_.depth; ++block) {
      const long depth = scaled_block(panel_.depth - k);
      const Results from = block == 0 ? y : Results{between_, kPanelChannels};
      const Results to = k + depth == panel_.depth ? y : Results{between_, kPanelChannels};
      for (long r = 0; r < count; r += kTileRows) {
        const std::uint8_t* a = rows_.quants + (row + r) * rows_.width + k * kTileRows;
        for (long c = 0; c < kPanelChannels; c += kTileChannels, turn_ ^= 1) {
          const auto* b = reinterpret_cast<const std::uint8_t*>(panel_.quants + k * kPanelChannels + 4 * c);
          multiply_tile<Number::int8>(a, b, depth / kDepthStep, sums_[turn_], behind_);
          const long at = block * kPanelChannels + c;
          behind_ = {
              sums_[turn_],           panel_.start + at, rows_.scales + block * rows_.scale_stride + row + r,
              panel_.scales + at,     from.at(r, c),     to.at(r, c),
              block > 0 || accumulate};
        }
      }
      k += depth;
    }
  }
  void finish() {
    for (long r = 0; r < kTileRows; r += kFinishedTogether) behind_.finish(r);
    behind_ = {};
  }

 private:
  const Int8Rows rows_;
  const Int8Panel panel_;
  ScaledTile behind_;
  long turn_ = 0;
  alignas(64) std::int32_t sums_[2][kTileElements];
  alignas(64) float between_[kTogether * kPanelChannels];
};

void multiply(const Int8Rows& rows, const Int8Panel& panel, float* y, long stride, long columns,
              bool accumulate) {
  const tiles::Tiles shaped(tiles::kWholeTiles);
  tiles::tiles_ordered();
  ScaledTiles product(rows, panel);
  for_whole_tiles(
      rows.rows, {y, stride}, columns, accumulate,
      [&](long row, long count, Results to, bool add) { product.multiply(row, count, to, add); },
      [&] { product.finish(); });
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
