// Included by float_kernel.cpp only.
#pragma once

#include <immintrin.h>

#include "tensor/float_kernel.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

// kRows x 64 outputs in registers: 6 x 4 sums, 4 vectors of weights and one broadcast of activations.
constexpr long kBf16Rows = 6;
constexpr long kRowsTogether = 1;

inline __m512bh as_pairs(__m512i bits) {
  return reinterpret_cast<__m512bh>(bits);
}

template <int kRows>
inline void multiply_bf16_tile(const Bf16* x, long width, const Bf16* panel, long depth, float* y,
                               long stride, long columns, bool accumulate) {
  __m512 sums[kRows][4];
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) sums[r][j] = _mm512_setzero_ps();
  }
#pragma GCC unroll 2
  for (long k = 0; k < depth; k += 2, panel += 2 * kPanelChannels) {
    __m512bh weights[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) weights[j] = as_pairs(_mm512_load_si512(panel + 32 * j));
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      std::int32_t pair;
      __builtin_memcpy(&pair, x + r * width + k, 4);
      const __m512bh activations = as_pairs(_mm512_set1_epi32(pair));
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) sums[r][j] = _mm512_dpbf16_ps(sums[r][j], activations, weights[j]);
    }
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const long left = columns - 16 * j;
    if (left <= 0) break;
    const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      float* to = y + r * stride + 16 * j;
      const __m512 before = accumulate ? _mm512_maskz_loadu_ps(mask, to) : _mm512_setzero_ps();
      _mm512_mask_storeu_ps(to, mask, _mm512_add_ps(before, sums[r][j]));
    }
  }
}

void multiply_bf16(const Bf16* x, long width, long rows, const Bf16* panel, long depth, float* y, long stride,
                   long columns, bool accumulate) {
  long r = 0;
  for (; r + kBf16Rows <= rows; r += kBf16Rows)
    multiply_bf16_tile<kBf16Rows>(x + r * width, width, panel, depth, y + r * stride, stride, columns,
                                  accumulate);
  for (; r < rows; ++r)
    multiply_bf16_tile<1>(x + r * width, width, panel, depth, y + r * stride, stride, columns, accumulate);
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
