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
