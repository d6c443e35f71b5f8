#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/memory.h"
#include "tensor/block_type.h"
#include "tensor/few_rows_kernel.h"

namespace focusllm {

/// A stack of matrices for products of few rows, bound by the bytes of the weights. Quantised blocks are
/// interleaved over 16 outputs, in about the file's own size; floats and rarer types are read from the file
/// and dequantised row by row. Const after construction; the matrices' memory must outlive it.
class FewRows {
 public:
  explicit FewRows(std::span<const BlockMatrix> stack);

  void apply(const float* x, std::int64_t rows, float* y, bool accumulate) const;
  static std::int64_t bytes(std::span<const BlockMatrix> stack);  ///< of the interleaved copies

 private:
  struct Matrix {
    BlockMatrix source;
    std::int64_t first_output;
    FewRowsKernel::Multiply FewRowsKernel::*multiply = nullptr;  ///< null: dequantised row by row
    int zero_shift = 0;
    std::int64_t quant_bytes = 0;  ///< of a group of 16 outputs
    std::int64_t scale_bytes = 0;
    std::int64_t groups = 0;
    AlignedBuffer<std::uint8_t> packed;  ///< [groups][quants, scales]
  };

  static Matrix plan(const BlockMatrix& source, std::int64_t first_output);
  static Matrix interleave(const BlockMatrix& source, std::int64_t first_output);
  void multiply_group(const Matrix& matrix, std::int64_t group, const QuantizedRows& quantized,
                      const float* x, float* row, float* y, bool accumulate) const;

  std::vector<Matrix> matrices_;
  std::int64_t inputs_;
  std::int64_t outputs_;
  bool quantizes_ = false;
};

}  // namespace focusllm
