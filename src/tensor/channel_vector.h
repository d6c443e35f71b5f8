#pragma once

// Vectors whose lanes are output channels. For kernel sources only.

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
inline Bytes bits_of(Bytes a, int mask) {
  return _mm512_and_si512(a, _mm512_set1_epi8(static_cast<char>(mask)));
}
inline Bytes shift_left(Bytes a, int bits) {
  return bits == 0 ? a : _mm512_slli_epi16(a, static_cast<unsigned>(bits));
}
inline Bytes shift_right(Bytes a, int bits) {
  return bits == 0 ? a : _mm512_srli_epi16(a, static_cast<unsigned>(bits));
}
inline Bytes either(Bytes a, Bytes b) {
  return _mm512_or_si512(a, b);
}
inline Bytes look_up(const std::uint8_t (&table)[16], Bytes nibbles) {
  const __m128i once = _mm_load_si128(reinterpret_cast<const __m128i*>(table));
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(once), nibbles);
}
inline Sums start_at(std::int32_t value) {
  return _mm512_set1_epi32(value);
}
inline Sums add(Sums a, Sums b) {
  return _mm512_add_epi32(a, b);
}
/// kSmall: the weights are below 128.
template <bool kSmall>
inline Sums add_dot(Sums sums, Bytes weights, std::int32_t four) {
  return _mm512_dpbusd_epi32(sums, weights, _mm512_set1_epi32(four));
}
/// Byte i of each lane.
inline Sums byte_of(Bytes a, int i) {
  const __m512i low = i == 0 ? a : _mm512_srli_epi32(a, static_cast<unsigned>(8 * i));
  return _mm512_and_si512(low, _mm512_set1_epi32(255));
}
inline Values to_values(Sums sums) {
  return _mm512_cvtepi32_ps(sums);
}
inline Values all(float value) {
  return _mm512_set1_ps(value);
}
inline Values load_halves(const std::uint8_t* from) {
  return _mm512_cvtph_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(from)));
}
inline Values load_unsigned(const std::uint8_t* from) {
  return to_values(_mm512_cvtepu8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(from))));
}
inline Values load_signed(const std::uint8_t* from) {
  return to_values(_mm512_cvtepi8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(from))));
}
inline Values negative(Values a) {
  return _mm512_sub_ps(_mm512_setzero_ps(), a);
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
inline Bytes bits_of(Bytes a, int mask) {
  return _mm256_and_si256(a, _mm256_set1_epi8(static_cast<char>(mask)));
}
inline Bytes shift_left(Bytes a, int bits) {
  return bits == 0 ? a : _mm256_slli_epi16(a, bits);
}
inline Bytes shift_right(Bytes a, int bits) {
  return bits == 0 ? a : _mm256_srli_epi16(a, bits);
}
inline Bytes either(Bytes a, Bytes b) {
  return _mm256_or_si256(a, b);
}
inline Bytes look_up(const std::uint8_t (&table)[16], Bytes nibbles) {
  const __m128i once = _mm_load_si128(reinterpret_cast<const __m128i*>(table));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(once), nibbles);
}
inline Sums start_at(std::int32_t value) {
  return _mm256_set1_epi32(value);
}
inline Sums add(Sums a, Sums b) {
  return _mm256_add_epi32(a, b);
}
template <bool kSmall>
inline Sums add_dot(Sums sums, Bytes weights, std::int32_t four) {
  const __m256i ones = _mm256_set1_epi16(1);
  const __m256i activations = _mm256_set1_epi32(four);
  if constexpr (kSmall) {
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
inline Sums byte_of(Bytes a, int i) {
  return _mm256_and_si256(i == 0 ? a : _mm256_srli_epi32(a, 8 * i), _mm256_set1_epi32(255));
}
inline Values to_values(Sums sums) {
  return _mm256_cvtepi32_ps(sums);
}
inline Values all(float value) {
  return _mm256_set1_ps(value);
}
inline Values load_halves(const std::uint8_t* from) {
  return _mm256_cvtph_ps(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
}
inline Values load_unsigned(const std::uint8_t* from) {
  return to_values(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
inline Values load_signed(const std::uint8_t* from) {
  return to_values(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
inline Values negative(Values a) {
  return _mm256_sub_ps(_mm256_setzero_ps(), a);
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
template <typename Change>
inline Bytes each(Bytes a, Change change) {
  for (std::uint8_t& byte : a.at) byte = static_cast<std::uint8_t>(change(byte));
  return a;
}
inline Bytes bits_of(const Bytes& a, int mask) {
  return each(a, [mask](int byte) { return byte & mask; });
}
inline Bytes shift_left(const Bytes& a, int bits) {
  return each(a, [bits](int byte) { return byte << bits; });
}
inline Bytes shift_right(const Bytes& a, int bits) {
  return each(a, [bits](int byte) { return byte >> bits; });
}
inline Bytes either(Bytes a, const Bytes& b) {
  for (int i = 0; i < 4 * kChannels; ++i) a.at[i] = static_cast<std::uint8_t>(a.at[i] | b.at[i]);
  return a;
}
inline Bytes look_up(const std::uint8_t (&table)[16], const Bytes& nibbles) {
  return each(nibbles, [&table](int byte) { return table[byte]; });
}
inline Sums start_at(std::int32_t value) {
  return {{value, value, value, value}};
}
inline Sums add(Sums a, const Sums& b) {
  for (int c = 0; c < kChannels; ++c) a.at[c] += b.at[c];
  return a;
}
template <bool kSmall>
inline Sums add_dot(Sums sums, const Bytes& weights, std::int32_t four) {
  std::int8_t activations[4];
  __builtin_memcpy(activations, &four, 4);
  for (int c = 0; c < kChannels; ++c) {
    for (int i = 0; i < 4; ++i) sums.at[c] += weights.at[4 * c + i] * activations[i];
  }
  return sums;
}
inline Sums byte_of(const Bytes& a, int i) {
  Sums sums;
  for (int c = 0; c < kChannels; ++c) sums.at[c] = a.at[4 * c + i];
  return sums;
}
inline Values all(float value) {
  return {{value, value, value, value}};
}
inline Values to_values(const Sums& sums) {
  Values values;
  for (int c = 0; c < kChannels; ++c) values.at[c] = static_cast<float>(sums.at[c]);
  return values;
}
inline Values load_halves(const std::uint8_t* from) {
  Values values;
  for (int c = 0; c < kChannels; ++c) {
    std::uint16_t half;
    __builtin_memcpy(&half, from + 2 * c, 2);
    values.at[c] = half_to_float(half);
  }
  return values;
}
inline Values load_unsigned(const std::uint8_t* from) {
  Values values;
  for (int c = 0; c < kChannels; ++c) values.at[c] = from[c];
  return values;
}
inline Values load_signed(const std::uint8_t* from) {
  Values values;
  for (int c = 0; c < kChannels; ++c) values.at[c] = static_cast<std::int8_t>(from[c]);
  return values;
}
inline Values negative(Values a) {
  for (float& value : a.at) value = 0 - value;
  return a;
}
inline Values multiply(Values a, const Values& b) {
  for (int c = 0; c < kChannels; ++c) a.at[c] *= b.at[c];
  return a;
}
inline Values multiply_add(const Values& a, const Values& b, Values c) {
  for (int i = 0; i < kChannels; ++i) c.at[i] += a.at[i] * b.at[i];
  return c;
}
inline void store_values(const Values& a, float* to) {
  __builtin_memcpy(to, a.at, sizeof a.at);
}

#endif

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
