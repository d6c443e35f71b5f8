#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tensor/half.h"

/// Decoders of single blocks, in the layouts of GGUF files. `block` has any alignment; `out` takes the
/// block's elements. Products and differences are rounded one by one (no fused multiply-add), so that values
/// are the same everywhere and equal to the `gguf` package's. Fields are copied to locals first: bytes that
/// cannot alias `out` are what lets the compiler vectorise.
namespace focusllm::blocks {

using Byte = std::uint8_t;

template <std::size_t n>
std::array<Byte, n> load(const Byte* source) {
  std::array<Byte, n> bytes;
  std::memcpy(bytes.data(), source, n);
  return bytes;
}

inline std::uint16_t load_u16(const Byte* source) {
  std::uint16_t value;
  std::memcpy(&value, source, sizeof value);
  return value;
}

inline float load_half(const Byte* source) {
  return half_to_float(load_u16(source));
}

/// The 16 levels of the IQ4 types.
inline constexpr std::array<float, 16> iq4_levels = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                     1,    13,   25,  38,  53,  69,  89,  113};

/// Scale and minimum of a group of 32 in Q4_K and Q5_K: 6 bits each, packed into 12 bytes.
struct ScaleMin {
  int scale;
  int minimum;
};

inline ScaleMin scale_min(const Byte* packed, std::size_t group) {
  if (group < 4) return {packed[group] & 63, packed[group + 4] & 63};
  const int low = packed[group + 4];
  return {(low & 15) | ((packed[group - 4] >> 6) << 4), (low >> 4) | ((packed[group] >> 6) << 4)};
}

/// Signed 6-bit scale of a group of 16 in Q3_K, packed into 12 bytes.
inline int q3_scale(const Byte* packed, std::size_t group) {
  const int low = (packed[group % 8] >> (group < 8 ? 0 : 4)) & 15;
  const int high = (packed[8 + group % 4] >> (2 * (group / 4))) & 3;
  return (low | (high << 4)) - 32;
}

/// Signed 6-bit scale of a group of 32 of an IQ4_XS block.
inline int iq4_xs_scale(const Byte* block, std::size_t group) {
  const int low = (block[4 + group / 2] >> (group % 2 * 4)) & 15;
  const int high = (load_u16(block + 2) >> (2 * group)) & 3;
  return (low | (high << 4)) - 32;
}

void q4_0(const Byte* block, float* out);
void q4_1(const Byte* block, float* out);
void q5_0(const Byte* block, float* out);
void q5_1(const Byte* block, float* out);
void q8_0(const Byte* block, float* out);
void iq4_nl(const Byte* block, float* out);

void q2_k(const Byte* block, float* out);
void q3_k(const Byte* block, float* out);
void q4_k(const Byte* block, float* out);
void q5_k(const Byte* block, float* out);
void q6_k(const Byte* block, float* out);
void iq4_xs(const Byte* block, float* out);

}  // namespace focusllm::blocks
