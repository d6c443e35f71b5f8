#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/cpu.h"
#include "tensor/weights.h"

namespace focusllm {

/// y [rows, outputs] (+)= x W^T for rows that answer, with the kernels of `isa`: quantised weights exactly as
/// the file has them, activations in int8 with a scale for each 32; floats as f32. Bound by the bytes of the
/// weights up to about 16 rows. A row's result does not depend on the other rows.
void answer_rows(const Weights& weights, Isa isa, const float* x, std::int64_t rows, float* y,
                 bool accumulate);

}  // namespace focusllm
