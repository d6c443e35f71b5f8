#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "tensor/block_type.h"
#include "tensor/linear.h"

namespace focusllm {

/// A stack of matrices packed for products of many rows in one number type. Const after construction.
class ManyRows {
 public:
  virtual ~ManyRows() = default;
  virtual void apply(const float* x, std::int64_t rows, float* y, bool accumulate) const = 0;
};

/// `type` is not automatic; all matrices have the same number of columns.
std::unique_ptr<const ManyRows> make_many_rows(std::span<const BlockMatrix> stack, ProductType type);

/// f32 or bf16, by oneDNN.
std::unique_ptr<const ManyRows> make_float_rows(std::span<const BlockMatrix> stack, ProductType type);

/// int8 with a scale per row and per output, by our own kernels.
std::unique_ptr<const ManyRows> make_int8_rows(std::span<const BlockMatrix> stack);

}  // namespace focusllm
