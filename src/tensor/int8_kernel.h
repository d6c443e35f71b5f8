#pragma once

#include <cstdint>

#include "base/isa_namespaces.h"

namespace focusllm {

/// Output channels that stand side by side in packed int8 weights.
inline constexpr long kPanelChannels = 64;
/// Rows of activations that a kernel may read together.
inline constexpr long kReadRows = 32;

/// The orthogonal map that spreads outliers before rounding: fixed random `signs` [width], so that no
/// constant or regular row piles up in one place; an unnormalised Hadamard matrix in blocks of `block` (a
/// power of two that divides the width); then, where `parts` > 1, the orthonormal matrix `mix` across that
/// many equal parts of the row. `parts` is odd and at most kMostParts; its parts are multiples of 16 wide;
/// the rows of `mix` [parts, parts] are even and odd in turn, as the cosine transform's are.
struct Rotation {
  long block;
  long parts;
  const float* mix;
  const float* signs;
};
inline constexpr long kMostParts = 9;

/// One instruction set's parts of the int8 product; single-threaded.
struct Int8Kernel {
  /// Rotates x [width] into `rotated` [width], then writes round(rotated / s) + 128 with s = max |rotated| /
  /// 127, and returns s. A row that is not finite gets a NaN scale.
  float (*quantize)(const float* x, long width, const Rotation& rotation, float* rotated, std::uint8_t* out);

  /// y[r, c] (+)= row_scales[r] * channel_scales[c] * (start[c] + sum_k a[r, k] b[k, c]) for c < columns
  /// <= 64. a [rows, depth] u8, readable up to a multiple of kReadRows rows, depth a multiple of 64; b
  /// [depth / 4][64][4] s8; y has `stride` floats per row.
  void (*multiply)(const std::uint8_t* a, long rows, long depth, const std::int8_t* b,
                   const std::int32_t* start, const float* row_scales, const float* channel_scales, float* y,
                   long stride, long columns, bool accumulate);
};

FOCUSLLM_DECLARE_PER_ISA(Int8Kernel, int8_kernel)

}  // namespace focusllm
