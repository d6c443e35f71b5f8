#pragma once

#include <cstddef>
#include <cstdint>

#include "base/isa_namespaces.h"
#include "tensor/group_form.h"

namespace focusllm {

/// Rows of activations in int8 with a scale for each 32, as grouped weights take them.
struct QuantizedRows {
  std::int8_t* quants;   ///< [rows, width]
  float* scales;         ///< [rows, width / 32]
  float* sums;           ///< [rows, width / 32]: scale * sum of quants
  std::int32_t* totals;  ///< [rows, width / 32, 2]: sums of 16 quants
  long rows;
  long width;  ///< a multiple of 32
};

/// One instruction set's products of rows that answer; single-threaded. A row's result does not depend on the
/// other rows.
struct AnswerKernel {
  /// One row of QuantizedRows: quants [width], scales, sums [width / 32], totals [width / 16].
  void (*quantize)(const float* x, long width, std::int8_t* quants, float* scales, float* sums,
                   std::int32_t* totals);

  /// y [rows, stride] (+)= x W^T for the first `columns` channels of one group of a type that has a form.
  void (*multiply)(BlockType type, const WeightGroup& weights, const QuantizedRows& x, float* y, long stride,
                   long columns, bool accumulate);

  /// out[r * stride] (+)= dot(w, x[r]) in f32, for one channel w [width] of F32, F16 or BF16, of any
  /// alignment. x [rows, width].
  void (*dot)(BlockType type, const std::byte* w, const float* x, long rows, long width, float* out,
              long stride, bool accumulate);
};

FOCUSLLM_DECLARE_PER_ISA(AnswerKernel, answer_kernel)
/// Of the active instruction set; those in between make no difference.
const AnswerKernel& active_answer_kernel();

}  // namespace focusllm
