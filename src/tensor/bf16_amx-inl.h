// Included by float_kernel.cpp only.
#pragma once

#include <immintrin.h>

#include "base/amx-inl.h"
#include "tensor/float_kernel.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

// 32 rows x 32 outputs: tiles 0 to 3 are sums, 4 and 5 activations, 6 and 7 weights.
constexpr long kBf16Rows = 32;
constexpr long kBf16Channels = 32;

/// sums [32, 32] = x [32, depth] * panel, of which only the first 16 rows where kLow is false.
template <bool kLow>
inline void multiply_bf16_tiles(const Bf16* x, long width, const Bf16* panel, long depth, float* sums) {
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (kLow) _tile_zero(2);
  if constexpr (kLow) _tile_zero(3);
  for (long k = 0; k < depth; k += kBf16Step) {
    const Bf16* weights = panel + k * kPanelChannels;
    _tile_loadd(4, x + k, 2 * width);
    _tile_loadd(6, weights, 4 * kPanelChannels);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, weights + 32, 4 * kPanelChannels);
    _tile_dpbf16ps(1, 4, 7);
    if constexpr (kLow) {
      _tile_loadd(5, x + 16 * width + k, 2 * width);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, sums, 4 * kBf16Channels);
  _tile_stored(1, sums + 16, 4 * kBf16Channels);
  if constexpr (kLow) _tile_stored(2, sums + 16 * kBf16Channels, 4 * kBf16Channels);
  if constexpr (kLow) _tile_stored(3, sums + 16 * kBf16Channels + 16, 4 * kBf16Channels);
  tiles::tiles_ordered();
}

void multiply_bf16(const Bf16* x, long width, long rows, const Bf16* panel, long depth, float* y, long stride,
                   long columns, bool accumulate) {
  const tiles::Tiles shaped(tiles::kWholeTiles);
  tiles::tiles_ordered();
  alignas(64) float sums[kBf16Rows * kBf16Channels];
  for (long c = 0; c < columns; c += kBf16Channels) {
    for (long r = 0; r < rows; r += kBf16Rows) {
      const long count = rows - r < kBf16Rows ? rows - r : kBf16Rows;
      if (count > 16) {
        multiply_bf16_tiles<true>(x + r * width, width, panel + 2 * c, depth, sums);
      } else {
        multiply_bf16_tiles<false>(x + r * width, width, panel + 2 * c, depth, sums);
      }
      for (long i = 0; i < count; ++i) {
        float* to = y + (r + i) * stride + c;
        for (long j = 0; j < kBf16Channels && c + j < columns; ++j)
          to[j] = accumulate ? to[j] + sums[i * kBf16Channels + j] : sums[i * kBf16Channels + j];
      }
    }
  }
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
