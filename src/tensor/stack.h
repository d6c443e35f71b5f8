#pragma once

#include <cstdint>
#include <span>

#include "tensor/block_type.h"

namespace focusllm {

/// Bytes of one row of `matrix` in its file.
inline std::int64_t row_bytes(const BlockMatrix& matrix) {
  const BlockTraits traits = block_traits(matrix.type);
  return matrix.cols / traits.elements * traits.bytes;
}

/// Outputs of all matrices of a stack together.
inline std::int64_t stack_rows(std::span<const BlockMatrix> stack) {
  std::int64_t rows = 0;
  for (const BlockMatrix& matrix : stack) rows += matrix.rows;
  return rows;
}

/// Row `row` of the matrices stacked on each other, as f32 [cols].
inline void dequantize_row(std::span<const BlockMatrix> stack, std::int64_t row, float* out) {
  for (const BlockMatrix& matrix : stack) {
    if (row < matrix.rows)
      return dequantize(matrix.type, matrix.data + row * row_bytes(matrix), matrix.cols, out);
    row -= matrix.rows;
  }
}

}  // namespace focusllm
