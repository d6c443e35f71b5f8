// Included by int8_kernel.cpp only.
#pragma once

#include <immintrin.h>

#include "tensor/int8_kernel.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

// kRows x 64 outputs in registers: 6 x 4 accumulators, 4 vectors of weights and one broadcast of activations.
constexpr long kTileRows = 6;

template <int kRows>
inline void multiply_tile(const std::uint8_t* a, long depth, const std::int8_t* b, const std::int32_t* start,
                          const float* row_scales, const float* channel_scales, float* y, long stride,
                          long columns, bool accumulate) {
  __m512i sums[kRows][4];
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) sums[r][j] = _mm512_load_si512(start + 16 * j);
  }
#pragma GCC unroll 2
  for (long k = 0; k < depth; k += 4, b += 4 * kPanelChannels) {
    __m512i weights[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) weights[j] = _mm512_load_si512(b + 64 * j);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      std::int32_t four;
      __builtin_memcpy(&four, a + r * depth + k, 4);
      const __m512i activations = _mm512_set1_epi32(four);
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) sums[r][j] = _mm512_dpbusd_epi32(sums[r][j], activations, weights[j]);
    }
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const long left = columns - 16 * j;
    if (left <= 0) break;
    const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
    const __m512 channel = _mm512_load_ps(channel_scales + 16 * j);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      float* out = y + r * stride + 16 * j;
      const __m512 scale = _mm512_mul_ps(channel, _mm512_set1_ps(row_scales[r]));
      const __m512 value = _mm512_cvtepi32_ps(sums[r][j]);
      const __m512 before = accumulate ? _mm512_maskz_loadu_ps(mask, out) : _mm512_setzero_ps();
      _mm512_mask_storeu_ps(out, mask, _mm512_fmadd_ps(value, scale, before));
    }
  }
}

void multiply(const std::uint8_t* a, long rows, long depth, const std::int8_t* b, const std::int32_t* start,
              const float* row_scales, const float* channel_scales, float* y, long stride, long columns,
              bool accumulate) {
  for (long r = 0; r < rows; r += kTileRows) {
    const auto call = [&](auto tile) {
      tile(a + r * depth, depth, b, start, row_scales + r, channel_scales, y + r * stride, stride, columns,
           accumulate);
    };
    switch (rows - r) {
      case 1:
        call(multiply_tile<1>);
        break;
      case 2:
        call(multiply_tile<2>);
        break;
      case 3:
        call(multiply_tile<3>);
        break;
      case 4:
        call(multiply_tile<4>);
        break;
      case 5:
        call(multiply_tile<5>);
        break;
      default:
        call(multiply_tile<6>);
        break;
    }
  }
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
