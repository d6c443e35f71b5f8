// Included by int8_kernel.cpp only.
#pragma once

#include <immintrin.h>

#include "base/amx-inl.h"
#include "tensor/int8_kernel.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

// 32 rows x 32 outputs: tiles 0 to 3 are sums, 4 and 5 activations, 6 and 7 weights.
constexpr tiles::TileShapes kInt8Shapes{
    {{16, 64}, {16, 64}, {16, 64}, {16, 64}, {16, 64}, {16, 64}, {16, 64}, {16, 64}}};
constexpr long kTileRows = 32;
constexpr long kTileChannels = 32;
static_assert(kReadRows == kTileRows);

/// sums [32, 32] = a [32, depth] * b, of which only the first 16 rows where kLow is false.
template <bool kLow>
inline void multiply_tiles(const std::uint8_t* a, long depth, const std::int8_t* b, std::int32_t* sums) {
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (kLow) _tile_zero(2);
  if constexpr (kLow) _tile_zero(3);
  for (long k = 0; k < depth; k += 64) {
    const std::int8_t* weights = b + k * kPanelChannels;
    _tile_loadd(4, a + k, depth);
    _tile_loadd(6, weights, 4 * kPanelChannels);
    _tile_dpbusd(0, 4, 6);
    _tile_loadd(7, weights + 64, 4 * kPanelChannels);
    _tile_dpbusd(1, 4, 7);
    if constexpr (kLow) {
      _tile_loadd(5, a + 16 * depth + k, depth);
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

/// Sixteen outputs of some rows.
inline void store_sums(const std::int32_t* sums, long rows, __m512i start, const float* row_scales,
                       __m512 channel_scales, float* y, long stride, __mmask16 mask, bool accumulate) {
  for (long r = 0; r < rows; ++r, y += stride) {
    const __m512i sum = _mm512_add_epi32(_mm512_load_si512(sums + r * kTileChannels), start);
    const __m512 scale = _mm512_mul_ps(channel_scales, _mm512_set1_ps(row_scales[r]));
    const __m512 before = accumulate ? _mm512_maskz_loadu_ps(mask, y) : _mm512_setzero_ps();
    _mm512_mask_storeu_ps(y, mask, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), scale, before));
  }
}

void multiply(const std::uint8_t* a, long rows, long depth, const std::int8_t* b, const std::int32_t* start,
              const float* row_scales, const float* channel_scales, float* y, long stride, long columns,
              bool accumulate) {
  const tiles::Tiles shaped(kInt8Shapes);
  tiles::tiles_ordered();
  alignas(64) std::int32_t sums[kTileRows * kTileChannels];
  for (long c = 0; c < columns; c += kTileChannels) {
    for (long r = 0; r < rows; r += kTileRows) {
      const long some = rows - r < kTileRows ? rows - r : kTileRows;
      if (some > 16) {
        multiply_tiles<true>(a + r * depth, depth, b + 4 * c, sums);
      } else {
        multiply_tiles<false>(a + r * depth, depth, b + 4 * c, sums);
      }
      for (long half = 0; half < kTileChannels && c + half < columns; half += 16) {
        const long left = columns - c - half;
        const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
        store_sums(sums + half, some, _mm512_load_si512(start + c + half), row_scales + r,
                   _mm512_load_ps(channel_scales + c + half), y + r * stride + c + half, stride, mask,
                   accumulate);
      }
    }
  }
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
