// Included by int8_kernel.cpp only.
#pragma once

#include "tensor/int8_kernel.h"
#include "tensor/vector.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

constexpr long kTileRows = 1;
constexpr long kRowsTogether = 1;

// Exact everywhere, and not meant to be fast: without VNNI an f32 product is the faster choice
// (product_type.cpp).
void multiply(const Int8Rows& rows, const Int8Panel& panel, float* y, long stride, long columns,
              bool accumulate) {
  for (long r = 0; r < rows.rows; ++r) {
    float results[kPanelChannels];
    for (long c = 0; c < kPanelChannels; ++c) results[c] = accumulate && c < columns ? y[r * stride + c] : 0;
    long block = 0;
    for (long first = 0; first < panel.depth; ++block) {
      const long end = first + scaled_block(panel.depth - first);
      std::int32_t sums[kPanelChannels];
      for (long c = 0; c < kPanelChannels; ++c) sums[c] = panel.start[block * kPanelChannels + c];
      for (long k = first; k < end; k += 4) {
        const std::uint8_t* four = rows.quants + r * rows.width + k;
        const std::int8_t* weights = panel.quants + k * kPanelChannels;
        for (long c = 0; c < kPanelChannels; ++c) {
          sums[c] += four[0] * weights[4 * c] + four[1] * weights[4 * c + 1] + four[2] * weights[4 * c + 2] +
                     four[3] * weights[4 * c + 3];
        }
      }
      const float scale = rows.scales[block * rows.scale_stride + r];
      for (long c = 0; c < kPanelChannels; ++c) {
        results[c] = add_product(static_cast<float>(sums[c]),
                                 panel.scales[block * kPanelChannels + c] * scale, results[c]);
      }
      first = end;
    }
    for (long c = 0; c < columns; ++c) y[r * stride + c] = results[c];
  }
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
