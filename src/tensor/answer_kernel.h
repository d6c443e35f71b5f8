#pragma once

#include <cstddef>
#include <cstdint>

#include "base/isa_namespaces.h"
#include "tensor/group_form.h"

namespace focusllm {

/// Rows that kernels on tile registers take together.
inline constexpr int kTiledRows = 16;

/// Rows of activations in int8 with a scale for each 32, as grouped weights take them.
struct QuantizedRows {
  std::int8_t* quants = nullptr;   ///< [rows, width]
  float* scales = nullptr;         ///< [rows, width / 32]
  float* sums = nullptr;           ///< [rows, width / 32]: scale * sum of quants
  std::int32_t* totals = nullptr;  ///< [rows, width / 32, 2]: sums of 16 quants
  /// The same once more for 16 rows at a time, the rows side by side: [rows / 16, width / 32, 16], and for
  /// totals [rows / 16, width / 32, 2, 16]. What is behind the last row is zero, and quants are there.
  float* tiled_scales = nullptr;
  float* tiled_sums = nullptr;
  std::int32_t* tiled_totals = nullptr;
  long rows = 0;
  long width = 0;  ///< a multiple of 32
};

/// One instruction set's products of rows that answer; single-threaded. A row's result does not depend on the
/// other rows.
struct AnswerKernel {
  bool takes_tiles;  ///< whether it reads what is there for 16 rows at a time

  /// One row of QuantizedRows: quants [width], scales, sums [width / 32], totals [width / 16].
  void (*quantize)(const float* x, long width, std::int8_t* quants, float* scales, float* sums,
                   std::int32_t* totals);

  /// y [rows, stride] (+)= x W^T for the first `columns` channels of one group of a type that has a form.
  void (*multiply)(BlockType type, const WeightGroup& weights, const QuantizedRows& x, float* y, long stride,
                   long columns, bool accumulate);

  /// Called by each thread when it has multiplied all groups of a product.
  void (*release)();

  /// out[r * stride] (+)= dot(w, x[r]) in f32, for one channel w [width] of F32, F16 or BF16, of any
  /// alignment. x [rows, width].
  void (*dot)(BlockType type, const std::byte* w, const float* x, long rows, long width, float* out,
              long stride, bool accumulate);
};

FOCUSLLM_DECLARE_PER_ISA(AnswerKernel, answer_kernel)

}  // namespace focusllm
