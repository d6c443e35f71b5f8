#pragma once

#include <cstdint>

#include "base/isa_namespaces.h"

namespace focusllm {

/// Output channels that are interleaved, so that one vector holds the same elements of all of them and sums
/// need no reduction across lanes.
inline constexpr long kGroupChannels = 16;

/// Rows of activations as the products of few rows take them.
struct QuantizedRows {
  std::int8_t* quants;   ///< [rows, width]
  float* scales;         ///< [rows, width / 32]
  float* sums;           ///< [rows, width / 32]: scale * sum of quants
  std::int32_t* totals;  ///< [rows, width / 32, 2]: sums of 16 quants
  long rows;
  long width;  ///< a multiple of 32
};

/// 16 channels of weights in a form of unpack_block.h. All blocks of 32 elements follow each other:
/// quants of four bits: [4][16][4] bytes, elements 4j..4j+3 in the low and 16+4j.. in the high nibbles; else
/// [8][16][4]; then scales and minima, f16 or f32: [blocks][1 or 2 halves][scale (and minimum)][16].
struct WeightGroup {
  const std::uint8_t* quants;
  const void* scales;
  int zero_shift;
};

/// One instruction set's products of few rows; single-threaded.
struct FewRowsKernel {
  /// One row of QuantizedRows: quants [width], scales, sums [width / 32], totals [width / 16].
  void (*quantize)(const float* x, long width, std::int8_t* quants, float* scales, float* sums,
                   std::int32_t* totals);

  using Multiply = void (*)(const WeightGroup& weights, const QuantizedRows& x, float* y, long stride,
                            long columns, bool accumulate);
  // y [rows, stride] (+)= x W^T for the first `columns` channels of one group.
  Multiply four_bits;          ///< Q4_0
  Multiply four_bits_minima;   ///< Q4_1
  Multiply four_bits_wide;     ///< Q4_K
  Multiply eight_bits;         ///< Q8_0, Q5_0
  Multiply eight_bits_minima;  ///< Q5_1
  Multiply eight_bits_wide;    ///< Q5_K
  Multiply eight_bits_halves;  ///< Q6_K

  /// out[r * stride] (+)= dot(w, x[r]) in f32, for one channel w [width].
  void (*dot)(const float* w, const float* x, long rows, long width, float* out, long stride,
              bool accumulate);
};

FOCUSLLM_DECLARE_PER_ISA(FewRowsKernel, few_rows_kernel)

}  // namespace focusllm
