#pragma once

#include <cstdint>
#include <span>

#include "tensor/block_type.h"
#include "tensor/linear.h"

namespace focusllm {

/// Stacks with more outputs are a vocabulary's head: its logits decide tokens directly and are needed for few
/// rows only, so it keeps more precision, and its packed copy waits until it is needed.
inline constexpr std::int64_t kMostInt8Outputs = 16384;

/// What a stack computes products of many rows in when `wanted` was asked for; never automatic, and a head
/// never in int8. Throws Error for bf16 where the processor has no such products.
ProductType resolve_product_type(std::span<const BlockMatrix> stack, ProductType wanted);

}  // namespace focusllm
