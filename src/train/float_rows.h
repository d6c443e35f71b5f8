#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "tensor/block_type.h"
#include "tensor/linear.h"

namespace focusllm::train {

/// y [rows, outputs] = x W^T by oneDNN, in f32 or bf16, on weights packed once. Const after construction.
class FloatRows {
 public:
  virtual ~FloatRows() = default;
  virtual void apply(const float* x, std::int64_t rows, float* y, bool accumulate) const = 0;
};

/// All matrices have the same number of columns.
std::unique_ptr<const FloatRows> make_float_rows(std::span<const BlockMatrix> stack, ProductType type);

}  // namespace focusllm::train
