#pragma once

#include <cstdint>

#include "tensor/product_type.h"
#include "tensor/weights.h"

namespace focusllm {

/// y [rows, outputs] (+)= x W^T for rows that are read, in int8, bf16 or f32 (never automatic).
/// Weights are unpacked panel by panel as they pass by; a panel serves all rows. A row's result does not
/// depend on the other rows.
void read_rows(const Weights& weights, const Arithmetic& arithmetic, const float* x, std::int64_t rows,
               float* y, bool accumulate);

}  // namespace focusllm
