#pragma once

#include <cstddef>
#include <cstdint>

#include "attention/partial.h"

namespace focusllm::memory {

using attention::HeadShape;
using attention::KvType;

std::int64_t element_bytes(KvType type);
/// Bytes of the scale of one head of a token: 0 but for int8.
std::int64_t scale_bytes(KvType type);
/// Bytes that keys or values of one token take: all heads of one layer.
std::int64_t row_bytes(const HeadShape& shape, KvType type);

/// Keys or values of one head of a token, `dim` floats, as `dim` elements of the type; gives their scale (1
/// but for int8). bf16 rounds to nearest even; int8 takes one scale (the largest magnitude / 127), of dims
/// that are spread over each other (attention/spread.h).
float store_head(KvType type, const float* row, int dim, std::byte* out);
/// The same back as floats.
void load_head(KvType type, const std::byte* data, float scale, int dim, float* out);

}  // namespace focusllm::memory
