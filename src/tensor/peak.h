#pragma once

#include "tensor/product_type.h"

namespace focusllm {

/// GFLOP/s that all threads together reach in products of this number type with an instruction set,
/// on registers alone: what no kernel can exceed. 0 where the set has no such instructions. Takes some
/// milliseconds.
double peak_rate(const Arithmetic& arithmetic);

}  // namespace focusllm
