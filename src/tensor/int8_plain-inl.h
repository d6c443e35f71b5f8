// Included by int8_kernel.cpp only.
#pragma once

#include "tensor/int8_kernel.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

// Exact everywhere, and not meant to be fast: without VNNI an f32 product is the faster choice
// (product_type.cpp).
void multiply(const std::uint8_t* a, long rows, long depth, const std::int8_t* b, const std::int32_t* start,
              const float* row_scales, const float* channel_scales, float* y, long stride, long columns,
              bool accumulate) {
  for (long r = 0; r < rows; ++r) {
    std::int32_t sums[kPanelChannels];
    for (long c = 0; c < kPanelChannels; ++c) sums[c] = start[c];
    for (long k = 0; k < depth; k += 4) {
      const std::uint8_t* four = a + r * depth + k;
      const std::int8_t* weights = b + k * kPanelChannels;
      for (long c = 0; c < kPanelChannels; ++c) {
        sums[c] += four[0] * weights[4 * c] + four[1] * weights[4 * c + 1] + four[2] * weights[4 * c + 2] +
                   four[3] * weights[4 * c + 3];
      }
    }
    for (long c = 0; c < columns; ++c) {
      const float value = static_cast<float>(sums[c]) * (row_scales[r] * channel_scales[c]);
      y[r * stride + c] = accumulate ? y[r * stride + c] + value : value;
    }
  }
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
