#pragma once

#include <bit>
#include <cstdint>

namespace focusllm {

/// IEEE binary16 -> float, exact. Free of branches and of subnormal floats, so that loops over it vectorise
/// and do not depend on the processor's flush-to-zero mode. A NaN stays a NaN.
inline float half_to_float(std::uint16_t half) {
  constexpr std::uint32_t smallest_normal = 113U << 23;  // 2^-14, binary16's smallest normal number
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t magnitude = static_cast<std::uint32_t>(half & 0x7fffU) << 13;
  const std::uint32_t normal = magnitude + (112U << 23);
  const std::uint32_t special = magnitude | 0x7f800000U;
  // Behind an implicit one the fraction's bits have their right weight; taking the one away leaves them
  // alone.
  const float scaled = std::bit_cast<float>(magnitude + smallest_normal);
  const auto subnormal = std::bit_cast<std::uint32_t>(scaled - std::bit_cast<float>(smallest_normal));
  const std::uint32_t finite = magnitude < (1U << 23) ? subnormal : normal;
  return std::bit_cast<float>(sign | (magnitude >= (31U << 23) ? special : finite));
}

/// Float -> IEEE binary16, rounded to nearest even; beyond 65504 (when rounded) infinity. A NaN stays a NaN.
inline std::uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U)
    return static_cast<std::uint16_t>(sign | 0x7e00U | ((magnitude >> 13) & 0x3ffU));
  if (magnitude >= 0x477ff000U) return static_cast<std::uint16_t>(sign | 0x7c00U);
  if (magnitude < (113U << 23)) {
    // Adding 1/2 aligns the last bit that binary16 keeps (2^-24) with the float's own last bit; the sum is
    // rounded.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - (126U << 23)));
  }
  const std::uint32_t rounded = magnitude + 0xfffU + ((magnitude >> 13) & 1U) - (112U << 23);
  return static_cast<std::uint16_t>(sign | (rounded >> 13));
}

}  // namespace focusllm
