#pragma once

// Fast Walsh-Hadamard transform on the vectors of one instruction set. For kernel sources only, like
// vector.h.

#include "tensor/vector.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

/// Lane i of the result is lane i ^ kStride.
template <int kStride>
inline Floats swap_lanes(Floats a) {
  constexpr int s = kStride;
#if defined(__AVX512F__)
  return __builtin_shufflevector(a, a, 0 ^ s, 1 ^ s, 2 ^ s, 3 ^ s, 4 ^ s, 5 ^ s, 6 ^ s, 7 ^ s, 8 ^ s, 9 ^ s,
                                 10 ^ s, 11 ^ s, 12 ^ s, 13 ^ s, 14 ^ s, 15 ^ s);
#elif defined(__AVX2__)
  return __builtin_shufflevector(a, a, 0 ^ s, 1 ^ s, 2 ^ s, 3 ^ s, 4 ^ s, 5 ^ s, 6 ^ s, 7 ^ s);
#else
  return __builtin_shufflevector(a, a, 0 ^ s, 1 ^ s, 2 ^ s, 3 ^ s);
#endif
}

/// One butterfly stage between lanes that are kStride apart: the lower one gets the sum, the upper one the
/// difference.
template <int kStride>
inline Floats butterfly(Floats a) {
  Floats sign;
  for (int i = 0; i < kLanes; ++i) sign[i] = (i & kStride) != 0 ? -1.0F : 1.0F;
  return swap_lanes<kStride>(a) + a * sign;
}

inline Floats transform_lanes(Floats a) {
  a = butterfly<1>(a);
  a = butterfly<2>(a);
  if constexpr (kLanes > 4) a = butterfly<4>(a);
  if constexpr (kLanes > 8) a = butterfly<8>(a);
  return a;
}

/// kBlock floats times their signs, transformed, from `from` to `to` (may be the same).
template <long kBlock>
inline void transform_block(const float* from, const float* signs, float* to) {
  constexpr int kVectors = kBlock / kLanes;
  Floats v[kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kVectors; ++i)
    v[i] = transform_lanes(load(from + i * kLanes) * load(signs + i * kLanes));
#pragma GCC unroll 4
  for (int stride = 1; stride < kVectors; stride *= 2) {
#pragma GCC unroll 16
    for (int i = 0; i < kVectors; ++i) {
      if ((i & stride) != 0) continue;
      const Floats low = v[i];
      const Floats high = v[i + stride];
      v[i] = low + high;
      v[i + stride] = low - high;
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kVectors; ++i) store(v[i], to + i * kLanes);
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
