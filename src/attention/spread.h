#pragma once

#include <cstdint>

#include "base/cpu.h"

namespace focusllm::attention {

// Keys and values in int8 have one scale for each token and head. In some models a few of a head's dims are
// far larger than the others (Qwen2's keys, by their bias), and would leave them few steps. So all dims are
// spread over each other before they are rounded: fixed signs, and an orthonormal Hadamard matrix over parts
// of the largest power of two that divides the head's width. Queries that are spread alike have the same
// products; what comes out of spread values is gathered again.
// All instruction sets give the same bits: sums are made in one order, and the other factors are signs.

/// to = spread(from): `heads` heads of `dim` floats side by side; `to` may be `from`.
void spread_heads(Isa isa, const float* from, std::int64_t heads, int dim, float* to);
inline void spread_heads(const float* from, std::int64_t heads, int dim, float* to) {
  spread_heads(default_isa(), from, heads, dim, to);
}
/// The inverse.
void gather_heads(Isa isa, const float* from, std::int64_t heads, int dim, float* to);
inline void gather_heads(const float* from, std::int64_t heads, int dim, float* to) {
  gather_heads(default_isa(), from, heads, dim, to);
}

}  // namespace focusllm::attention
