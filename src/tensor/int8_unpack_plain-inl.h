// Included by int8_kernel.cpp only.
#pragma once

#include "tensor/group_floats-inl.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

void pack_channel(const float* weights, long count, long size, std::int8_t* to, std::int32_t& start,
                  float& scale);

/// Elements [first, first + count) of 16 channels, filled up to `size` with zeros, into a panel's block.
template <BlockType kType>
void unpack_block(const WeightGroup& group, long first, long count, long size, std::int8_t* to,
                  std::int32_t* start, float* scales) {
  alignas(64) float floats[kMostScaled * kGroupChannels];
  for (long k = 0; k < count; k += 32)
    unpack_part<kType>(group, first + k, floats + k * kGroupChannels, kGroupChannels);
  for (long c = 0; c < kGroupChannels; ++c) {
    float channel[kMostScaled];
    for (long k = 0; k < count; ++k) channel[k] = floats[k * kGroupChannels + c];
    pack_channel(channel, count, size, to + 4 * c, start[c], scales[c]);
  }
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
