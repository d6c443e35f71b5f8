#pragma once

#include <cstddef>
#include <cstdint>

#include "attention/partial.h"

namespace focusllm::memory {

using attention::HeadShape;
using attention::KvType;

std::int64_t element_bytes(KvType type);
/// Bytes that keys or values of one token take: all heads of one layer.
std::int64_t row_bytes(const HeadShape& shape, KvType type);

/// Keys or values of one token [kv_heads, dim] into place `slot` of data [kv_heads, capacity, dim] of the
/// type and scales [kv_heads, capacity] (int8 only). bf16 rounds to nearest even; int8 takes one scale for
/// each token and head (its largest magnitude / 127), of dims that are spread over each other
/// (attention/spread.h).
void store_row(const HeadShape& shape, KvType type, const float* row, std::int64_t slot,
               std::int64_t capacity, std::byte* data, float* scales);

}  // namespace focusllm::memory
