// Included by int8_kernel.cpp only.
#pragma once

#include "tensor/hadamard.h"
#include "tensor/panel.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

/// Fixed random signs, so that no constant or regular row piles up in one place: bit i of word i / 32 is set
/// where element i changes its sign.
constexpr std::uint32_t kSigns[kDepthStep / 32] = {0x2265b1f5, 0x91b7584a};

constexpr bool changes_sign(long i) {
  return (kSigns[i / 32] >> (i % 32) & 1) != 0;
}

struct SignTable {
  alignas(64) float values[kDepthStep];
};
constexpr SignTable make_sign_table() {
  SignTable table{};
  for (long i = 0; i < kDepthStep; ++i) table.values[i] = changes_sign(i) ? -1.0F : 1.0F;
  return table;
}
constexpr SignTable kSignTable = make_sign_table();

/// Rotates and rounds a block of `size` (scaled_block()), of which `count` elements are there and the others
/// zeros; returns its scale, NaN if x is not finite. Steps of `out` are `step_stride` apart.
inline float quantize_block(const float* x, long count, long size, std::uint8_t* out, long step_stride) {
  alignas(64) float rotated[kMostScaled];
  if (count < size) {
    for (long i = 0; i < size; ++i) rotated[i] = i < count ? x[i] : 0;
    x = rotated;
  }
  Floats most = {};
  float poison = 0;
  for (long part = 0; part < size; part += kDepthStep) {
    transform_block<kDepthStep>(x + part, kSignTable.values, rotated + part);
#pragma GCC unroll 16
    for (long i = 0; i < kDepthStep; i += kLanes) most = greater(absolute(load(rotated + part + i)), most);
    poison += rotated[part] * 0.0F;  // the first sum has every element in it
  }
  const float largest = largest_lane(most);
  const float factor = largest > 0 ? 127.0F / largest : 0.0F;
  // Half is added and the fraction cut: the sum is positive, so this rounds.
  for (long part = 0; part < size; part += kDepthStep, out += step_stride) {
    for (long i = 0; i < kDepthStep; ++i)
      out[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(rotated[part + i] * factor + 128.5F));
  }
  return largest / 127.0F + poison;
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
