#pragma once

// The vectors that products of few rows are made of: a lane is an output channel. For kernel sources only.

#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#else
#include "tensor/half.h"
#endif

namespace focusllm::FOCUSLLM_ISA {
namespace {

#if defined(__AVX512VNNI__)

constexpr int kChannels = 16;  // in one vector
using Bytes = __m512i;         // four consecutive quants of each channel
using Sums = __m512i;
using Values = __m512;

inline Bytes load_bytes(const std::uint8_t* from) {
  return _mm512_load_si512(from);
}
inline Bytes low_nibbles(Bytes a) {
  return _mm512_and_si512(a, _mm512_set1_epi8(15));
}
inline Bytes high_nibbles(Bytes a) {
  return low_nibbles(_mm512_srli_epi16(a, 4));
}
inline Sums start_at(std::int32_t value) {
  return _mm512_set1_epi32(value);
}
template <bool kFourBits>
inline Sums add_dot(Sums sums, Bytes weights, std::int32_t four) {
  return _mm512_dpbusd_epi32(sums, weights, _mm512_set1_epi32(four));
}
inline Values to_values(Sums sums) {
  return _mm512_cvtepi32_ps(sums);
}
inline Values all(float value) {
  return _mm512_set1_ps(value);
}
inline Values load_values(const float* from) {
  return _mm512_load_ps(from);
}
inline Values load_values(const std::uint16_t* from) {
  return _mm512_cvtph_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(from)));
}
inline Values multiply(Values a, Values b) {
  return _mm512_mul_ps(a, b);
}
inline Values multiply_add(Values a, Values b, Values c) {
  return _mm512_fmadd_ps(a, b, c);
}
inline void store_values(Values a, float* to) {
  _mm512_store_ps(to, a);
}

#elif defined(__AVX2__)

constexpr int kChannels = 8;
using Bytes = __m256i;
using Sums = __m256i;
using Values = __m256;

inline Bytes load_bytes(const std::uint8_t* from) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
}
inline Bytes low_nibbles(Bytes a) {
  return _mm256_and_si256(a, _mm256_set1_epi8(15));
}
inline Bytes high_nibbles(Bytes a) {
  return low_nibbles(_mm256_srli_epi16(a, 4));
}
inline Sums start_at(std::int32_t value) {
  return _mm256_set1_epi32(value);
}
template <bool kFourBits>
inline Sums add_dot(Sums sums, Bytes weights, std::int32_t four) {
  const __m256i ones = _mm256_set1_epi16(1);
  const __m256i activations = _mm256_set1_epi32(four);
  if constexpr (kFourBits) {
    const __m256i pairs = _mm256_maddubs_epi16(weights, activations);
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, ones));
  } else {
    // Two products of eight bits would overflow 16; one does not.
    const __m256i even = _mm256_set1_epi16(0xff);
    const __m256i evens = _mm256_maddubs_epi16(_mm256_and_si256(weights, even), activations);
    const __m256i odds = _mm256_maddubs_epi16(_mm256_andnot_si256(even, weights), activations);
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(evens, ones));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(odds, ones));
  }
}
inline Values to_values(Sums sums) {
  return _mm256_cvtepi32_ps(sums);
}
inline Values all(float value) {
  return _mm256_set1_ps(value);
}
inline Values load_values(const float* from) {
  return _mm256_load_ps(from);
}
inline Values load_values(const std::uint16_t* from) {
  return _mm256_cvtph_ps(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
}
inline Values multiply(Values a, Values b) {
  return _mm256_mul_ps(a, b);
}
inline Values multiply_add(Values a, Values b, Values c) {
  return _mm256_fmadd_ps(a, b, c);
}
inline void store_values(Values a, float* to) {
  _mm256_store_ps(to, a);
}

#else

constexpr int kChannels = 4;
struct Bytes {
  std::uint8_t at[4 * kChannels];
};
struct Sums {
  std::int32_t at[kChannels];
};
struct Values {
  float at[kChannels];
};

inline Bytes load_bytes(const std::uint8_t* from) {
  Bytes bytes;
  __builtin_memcpy(bytes.at, from, sizeof bytes.at);
  return bytes;
}
inline Bytes low_nibbles(Bytes a) {
  for (std::uint8_t& byte : a.at) byte &= 15;
  return a;
}
inline Bytes high_nibbles(Bytes a) {
  for (std::uint8_t& byte : a.at) byte >>= 4;
  return a;
}
inline Sums start_at(std::int32_t value) {
  return {{value, value, value, value}};
}
template <bool kFourBits>
inline Sums add_dot(Sums sums, const Bytes& weights, std::int32_t four) {
  std::int8_t activations[4];
  __builtin_memcpy(activations, &four, 4);
  for (int c = 0; c < kChannels; ++c) {
    for (int i = 0; i < 4; ++i) sums.at[c] += weights.at[4 * c + i] * activations[i];
  }
  return sums;
}
inline Values all(float value) {
  return {{value, value, value, value}};
}
inline Values to_values(Sums sums) {
  Values values;
  for (int c = 0; c < kChannels; ++c) values.at[c] = static_cast<float>(sums.at[c]);
  return values;
}
inline Values load_values(const float* from) {
  return {{from[0], from[1], from[2], from[3]}};
}
inline Values load_values(const std::uint16_t* from) {
  Values values;
  for (int c = 0; c < kChannels; ++c) values.at[c] = half_to_float(from[c]);
  return values;
}
inline Values multiply(Values a, Values b) {
  for (int c = 0; c < kChannels; ++c) a.at[c] *= b.at[c];
  return a;
}
inline Values multiply_add(Values a, Values b, Values c) {
  for (int i = 0; i < kChannels; ++i) c.at[i] += a.at[i] * b.at[i];
  return c;
}
inline void store_values(Values a, float* to) {
  __builtin_memcpy(to, a.at, sizeof a.at);
}

#endif

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
