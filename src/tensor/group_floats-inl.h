#pragma once

// Grouped weights as floats. For kernel sources only.

#include "tensor/grouped-inl.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

/// Elements [first, first + 32) of 16 channels: element k of channel c to to[k * stride + c], aligned for
/// vectors.
template <BlockType kType>
inline void unpack_part(const WeightGroup& group, long first, float* to, long stride) {
  constexpr GroupForm kForm = group_form(kType);
  constexpr int kSubs = kForm.elements / 32;
  constexpr int kParts = 32 / kForm.part;
  constexpr long kQuantBytes = kForm.quant_bytes();
  constexpr long kScaleBytes = kForm.scale_bytes();
  constexpr float kZero = kForm.zero();
  const long block = first / kForm.elements;
  const int sub = static_cast<int>(first / 32 % kSubs);
  for (int channel = 0; channel < kGroupChannels; channel += kChannels) {
    Bytes four[8];
    load_quants<kType>(group.quants + block * kQuantBytes, sub, channel, four);
#pragma GCC unroll 2
    for (int part = 0; part < kParts; ++part) {
      Values scale;
      Values minimum;
      load_scale<kType>(group.scales + block * kScaleBytes, sub * kParts + part, channel, scale, minimum);
      if constexpr (!kForm.minima) minimum = multiply(scale, all(-kZero));
      constexpr int kWords = 8 / kParts;
      for (int j = part * kWords; j < (part + 1) * kWords; ++j) {
        for (int i = 0; i < 4; ++i)
          store_values(multiply_add(to_values(byte_of(four[j], i)), scale, minimum),
                       to + (4 * j + i) * stride + channel);
      }
    }
  }
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
