#pragma once

// The widest float vector of the instruction set that a kernel source is compiled for, in GCC's and Clang's
// portable vector notation. For kernel sources only (focusllm_kernel): everything is local to the including
// file.

#include <cstddef>
#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#else
#include "tensor/half.h"  // its functions must not be compiled for a newer instruction set
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

[[gnu::always_inline]] inline Floats load(const float* from) {
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

/// a * b + c in one rounding where the instruction set has that, the same wherever it is called.
[[gnu::always_inline]] inline Floats add_product(Floats a, Floats b, Floats c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__AVX2__)
  return _mm256_fmadd_ps(a, b, c);
#else
  return a * b + c;
#endif
}
inline float add_product(float a, float b, float c) {
#if defined(__AVX2__)
  return _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c)));
#else
  return a * b + c;
#endif
}

inline float load_one_f32(const std::byte* from) {
  float value;
  __builtin_memcpy(&value, from, 4);
  return value;
}
inline float load_one_bf16(const std::byte* from) {
  std::uint16_t bits;
  __builtin_memcpy(&bits, from, 2);
  const std::uint32_t wide = static_cast<std::uint32_t>(bits) << 16;
  float value;
  __builtin_memcpy(&value, &wide, 4);
  return value;
}
inline float load_one_f16(const std::byte* from) {
  std::uint16_t bits;
  __builtin_memcpy(&bits, from, 2);
#if defined(__AVX2__)
  return _cvtsh_ss(bits);
#else
  return half_to_float(bits);
#endif
}

/// Sixteen-bit floats of any alignment.
inline Floats load_bf16(const std::byte* from) {
#if defined(__AVX512F__)
  const __m512i bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
#elif defined(__AVX2__)
  const __m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
#else
  Floats values;
  for (int i = 0; i < kLanes; ++i) values[i] = load_one_bf16(from + 2 * i);
  return values;
#endif
}
inline Floats load_f16(const std::byte* from) {
#if defined(__AVX512F__)
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
#elif defined(__AVX2__)
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
#else
  Floats values;
  for (int i = 0; i < kLanes; ++i) values[i] = load_one_f16(from + 2 * i);
  return values;
#endif
}

inline float largest_lane(Floats value) {
#if defined(__AVX512F__)
  return _mm512_reduce_max_ps(value);
#else
  float largest = value[0];
  for (int i = 1; i < kLanes; ++i) largest = value[i] > largest ? value[i] : largest;
  return largest;
#endif
}

inline float sum_of_lanes(Floats value) {
  float sum = 0;
  for (int i = 0; i < kLanes; ++i) sum += value[i];
  return sum;
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
