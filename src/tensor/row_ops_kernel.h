#pragma once

#include <cstdint>

#include "base/isa_namespaces.h"

namespace focusllm {

/// One instruction set's row operations: single-threaded, on `count` or `width` consecutive floats.
struct RowOps {
  /// Whether x is finite.
  bool (*rms_norm)(const float* x, const float* weight, float epsilon, long width, float* out);
  void (*add)(const float* x, long count, float* y);
  void (*silu_gate)(const float* gate, const float* up, long width, float* out);
  void (*gelu_gate)(const float* gate, const float* up, long width, float* out);
  void (*scale)(float factor, long count, float* x);
  float (*dot)(const float* x, const std::uint16_t* row, long width);  ///< row is bf16
  float (*largest)(const float* x, long count);                        ///< count > 0
  double (*sum_exp)(const float* x, long count, float largest);        ///< of exp(x - largest)
};

FOCUSLLM_DECLARE_PER_ISA(RowOps, row_ops)

}  // namespace focusllm
