// Included by int8_kernel.cpp only.
#pragma once

#include <immintrin.h>

#include "base/amx-inl.h"
#include "tensor/int8_kernel.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

// 32 rows x 32 outputs: tiles 0 to 3 are sums, 4 and 5 activations, 6 and 7 weights.
constexpr long kTileRows = 32;
constexpr long kTileChannels = 32;

/// sums [32, 32] = a [32, depth] * b, of which only the first 16 rows where kLow is false.
template <bool kLow>
inline void multiply_block(const std::uint8_t* a, long width, long depth, const std::int8_t* b,
                           std::int32_t* sums) {
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (kLow) _tile_zero(2);
  if constexpr (kLow) _tile_zero(3);
  for (long k = 0; k < depth; k += 64) {
    const std::int8_t* weights = b + k * kPanelChannels;
    _tile_loadd(4, a + k, width);
    _tile_loadd(6, weights, 4 * kPanelChannels);
    _tile_dpbusd(0, 4, 6);
    _tile_loadd(7, weights + 64, 4 * kPanelChannels);
    _tile_dpbusd(1, 4, 7);
    if constexpr (kLow) {
      _tile_loadd(5, a + 16 * width + k, width);
      _tile_dpbusd(2, 5, 6);
      _tile_dpbusd(3, 5, 7);
    }
  }
  _tile_stored(0, sums, 4 * kTileChannels);
  _tile_stored(1, sums + 16, 4 * kTileChannels);
  if constexpr (kLow) _tile_stored(2, sums + 16 * kTileChannels, 4 * kTileChannels);
  if constexpr (kLow) _tile_stored(3, sums + 16 * kTileChannels + 16, 4 * kTileChannels);
  tiles::tiles_ordered();
}

/// Adds the sums of one block of 32 outputs to their results [32, 32].
inline void add_block(const std::int32_t* sums, long rows, const std::int32_t* start, const float* row_scales,
                      const float* channel_scales, float* results) {
  for (long half = 0; half < kTileChannels; half += 16) {
    const __m512i offset = _mm512_load_si512(start + half);
    const __m512 channel = _mm512_load_ps(channel_scales + half);
    for (long r = 0; r < rows; ++r) {
      const long at = r * kTileChannels + half;
      const __m512i sum = _mm512_add_epi32(_mm512_load_si512(sums + at), offset);
      const __m512 scale = _mm512_mul_ps(channel, _mm512_set1_ps(row_scales[r]));
      const __m512 before = _mm512_load_ps(results + at);
      _mm512_store_ps(results + at, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), scale, before));
    }
  }
}

/// Up to 32 rows and 32 outputs.
template <bool kLow>
inline void multiply_tile(const Int8Rows& rows, long row, long count, const Int8Panel& panel, long channel,
                          float* y, long stride, long columns, bool accumulate) {
  alignas(64) std::int32_t sums[kTileRows * kTileChannels];
  alignas(64) float results[kTileRows * kTileChannels];
  __mmask16 masks[2];
  for (int j = 0; j < 2; ++j) {
    const long left = columns - 16 * j;
    masks[j] = static_cast<__mmask16>(left >= 16 ? 0xffff : left <= 0 ? 0 : (1 << left) - 1);
    for (long r = 0; r < count; ++r) {
      const __m512 before =
          accumulate ? _mm512_maskz_loadu_ps(masks[j], y + r * stride + 16 * j) : _mm512_setzero_ps();
      _mm512_store_ps(results + r * kTileChannels + 16 * j, before);
    }
  }
  long block = 0;
  for (long k = 0; k < panel.depth; ++block) {
    const long depth = scaled_block(panel.depth - k);
    const long at = block * kPanelChannels + channel;
    multiply_block<kLow>(rows.quants + row * rows.width + k, rows.width, depth,
                         panel.quants + k * kPanelChannels + 4 * channel, sums);
    add_block(sums, count, panel.start + at, rows.scales + block * rows.scale_stride + row, panel.scales + at,
              results);
    k += depth;
  }
  for (int j = 0; j < 2; ++j) {
    for (long r = 0; r < count; ++r)
      _mm512_mask_storeu_ps(y + r * stride + 16 * j, masks[j],
                            _mm512_load_ps(results + r * kTileChannels + 16 * j));
  }
}

void multiply(const Int8Rows& rows, const Int8Panel& panel, float* y, long stride, long columns,
              bool accumulate) {
  const tiles::Tiles shaped(tiles::kWholeTiles);
  tiles::tiles_ordered();
  for (long c = 0; c < columns; c += kTileChannels) {
    for (long r = 0; r < rows.rows; r += kTileRows) {
      const long count = rows.rows - r < kTileRows ? rows.rows - r : kTileRows;
      float* out = y + r * stride + c;
      if (count > 16) {
        multiply_tile<true>(rows, r, count, panel, c, out, stride, columns - c, accumulate);
      } else {
        multiply_tile<false>(rows, r, count, panel, c, out, stride, columns - c, accumulate);
      }
    }
  }
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
