#pragma once

#include <span>

#include "tensor/block_type.h"
#include "tensor/linear.h"

namespace focusllm {

/// What rows of a stack are read in when `wanted` was asked for; never automatic. Throws Error for bf16 where
/// the instruction set has no such products.
ProductType resolve_product_type(std::span<const BlockMatrix> stack, const Arithmetic& wanted);

}  // namespace focusllm
