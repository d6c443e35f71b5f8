#pragma once

#include <cstdint>

#include "base/bf16.h"
#include "base/isa_namespaces.h"
#include "tensor/panel.h"

namespace focusllm {

/// Elements of a panel of floats that are unpacked at a time; a multiple of every block.
inline constexpr long kFloatPanelDepth = 512;
/// A bf16 panel's depth and the width of bf16 rows are multiples of this.
inline constexpr long kBf16Step = 32;

/// One instruction set's parts of the products in floats; single-threaded. A row's result does not depend on
/// the other rows.
struct FloatKernel {
  long f32_tile_rows;       ///< rows are best given by so many
  long bf16_tile_rows;      ///< the same, a multiple of bf16_rows_together
  long bf16_rows_together;  ///< of a RowLayout, kBf16Step elements a step

  /// panel [source.depth][64]; channels that are not there are zeros.
  void (*unpack_f32)(const PanelSource& source, float* panel);
  /// y[r, c] (+)= sum_k x[r, k] panel[k, c] for c < columns <= 64; rows of x are `width` apart, of y
  /// `stride`.
  void (*multiply_f32)(const float* x, long width, long rows, const float* panel, long depth, float* y,
                       long stride, long columns, bool accumulate);

  /// panel [depth / 2][64][2], `depth` being the source's rounded up to kBf16Step with zeros.
  void (*unpack_bf16)(const PanelSource& source, Bf16* panel);
  /// The same product; x as a RowLayout, of which whole groups are readable. Null without bf16 dot products.
  void (*multiply_bf16)(const Bf16* x, long width, long rows, const Bf16* panel, long depth, float* y,
                        long stride, long columns, bool accumulate);
};

FOCUSLLM_DECLARE_PER_ISA(FloatKernel, float_kernel)

}  // namespace focusllm
