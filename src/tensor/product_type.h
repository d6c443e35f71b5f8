#pragma once

#include <span>

#include "tensor/block_type.h"
#include "tensor/linear.h"

namespace focusllm {

/// What rows of a stack are read in when `wanted` was asked for; never automatic. Throws Error for bf16 where
/// the processor has no such products.
ProductType resolve_product_type(std::span<const BlockMatrix> stack, ProductType wanted);

}  // namespace focusllm
