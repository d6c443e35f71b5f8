#pragma once

#include <cstdint>

namespace focusllm::attention {

// Keys and values in int8 have one scale for each token and head. In some models a few of a head's dims are
// far larger than the others (Qwen2's keys, by their bias), and would leave them few steps. So all dims are
// spread over each other before they are rounded: fixed signs, and an orthonormal Hadamard matrix over parts
// of the largest power of two that divides the head's width. Queries that are spread alike have the same
// products; what comes out of spread values is gathered again.

/// to = spread(from): `heads` heads of `dim` floats side by side; `to` may be `from`.
void spread_heads(const float* from, std::int64_t heads, int dim, float* to);
/// The inverse.
void gather_heads(const float* from, std::int64_t heads, int dim, float* to);

}  // namespace focusllm::attention
