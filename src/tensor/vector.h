#pragma once

// The widest float vector of the instruction set that a kernel source is compiled for, in GCC's and Clang's
// portable vector notation. For kernel sources only (focusllm_kernel): everything is local to the including
// file.

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace focusllm::FOCUSLLM_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX2__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float Floats __attribute__((vector_size(4 * kLanes)));
typedef int Ints __attribute__((vector_size(4 * kLanes)));

inline Floats load(const float* from) {
  Floats value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

inline void store(Floats value, float* to) {
  __builtin_memcpy(to, &value, sizeof value);
}

inline Floats absolute(Floats value) {
  Ints bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  bits &= 0x7fffffff;
  __builtin_memcpy(&value, &bits, sizeof bits);
  return value;
}

/// b where either is not a number. GCC makes the plain form two instructions, one of them through a mask.
inline Floats greater(Floats a, Floats b) {
#if defined(__AVX512F__)
  return _mm512_max_ps(a, b);
#elif defined(__AVX2__)
  return _mm256_max_ps(a, b);
#else
  return a > b ? a : b;
#endif
}

inline float sum_of_lanes(Floats value) {
  float sum = 0;
  for (int i = 0; i < kLanes; ++i) sum += value[i];
  return sum;
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
