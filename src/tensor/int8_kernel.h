#pragma once

#include <cstdint>

#include "base/isa_namespaces.h"
#include "tensor/panel.h"

namespace focusllm {

// Rows of activations and channels of weights are cut into blocks (scaled_block() of panel.h), the last one
// filled up with zeros. Each kDepthStep elements are multiplied by fixed signs and an unnormalised Hadamard
// matrix, which leaves the product as it was but for a factor and spreads outliers; then all is rounded to
// int8 with a scale for each block.

/// Rows of activations: round(rotated / scale) + 128.
struct Int8Rows {
  const std::uint8_t* quants;  ///< as a RowLayout of the kernel's rows_together; whole groups are readable
  const float* scales;         ///< [blocks][scale_stride]: of rows from the first on
  long width;                  ///< a multiple of kDepthStep
  long scale_stride;
  long rows;
};

/// 64 channels of weights.
struct Int8Panel {
  std::int8_t* quants;  ///< [depth / 4][64][4]
  std::int32_t* start;  ///< [blocks][64]: takes back the 128 that every activation has too much
  float* scales;        ///< [blocks][64]
  long depth;           ///< a multiple of kDepthStep
};

/// One instruction set's parts of the int8 product; single-threaded. A row's result does not depend on the
/// other rows.
struct Int8Kernel {
  long rows_together;  ///< of a RowLayout, kDepthStep elements a step
  long tile_rows;      ///< a multiple of rows_together: rows are best given by so many

  /// One row [width], each kDepthStep elements of it `step_stride` apart, the last filled up, and its scales,
  /// `scale_stride` apart. A block that is not finite gets a NaN scale.
  void (*quantize)(const float* x, long width, std::uint8_t* quants, long step_stride, float* scales,
                   long scale_stride);

  /// Weights of a type that has a form; `panel.depth` is the source's, rounded up to kDepthStep.
  void (*unpack)(const PanelSource& source, const Int8Panel& panel);
  /// Weights given as floats [channels][stride], `depth` of each.
  void (*pack)(const float* weights, long channels, long stride, long depth, const Int8Panel& panel);

  /// y[r, c] (+)= sum over blocks of scales of row and channel times (start[c] + sum_k a[r, k] b[k, c]), for
  /// c < columns <= 64; y has `stride` floats per row.
  void (*multiply)(const Int8Rows& rows, const Int8Panel& panel, float* y, long stride, long columns,
                   bool accumulate);
};

FOCUSLLM_DECLARE_PER_ISA(Int8Kernel, int8_kernel)

}  // namespace focusllm
