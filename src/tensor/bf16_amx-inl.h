// Included by float_kernel.cpp only.
#pragma once

#include "tensor/amx_tiles-inl.h"
#include "tensor/float_kernel.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

constexpr long kBf16Rows = kTileRows;

/// A tile's sums, and where they go.
struct SummedTile {
  const float* sums = nullptr;
  Results to{};
  bool add = false;

  void finish(long first) const {
    if (!sums) return;
    const float* sum = sums + first * kTileChannels;
    float* after = to.at(first, 0).data;
    const long stride = to.stride;
    const bool adds = add;
    for (long r = 0; r < kFinishedTogether; ++r, after += stride) {
#pragma GCC unroll 2
      for (long j = 0; j < kTileChannels; j += 16) {
        const __m512 value = _mm512_load_ps(sum + r * kTileChannels + j);
        _mm512_storeu_ps(after + j, adds ? _mm512_add_ps(_mm512_loadu_ps(after + j), value) : value);
      }
    }
  }
};

class SummedTiles {
 public:
  void multiply(const Bf16* x, long width, long count, const Bf16* panel, long depth, Results y, bool add) {
    for (long c = 0; c < kPanelChannels; c += kTileChannels) {
      for (long r = 0; r < count; r += kTileRows, turn_ ^= 1) {
        multiply_tile<Number::bf16>(reinterpret_cast<const std::uint8_t*>(x + r * width),
                                    reinterpret_cast<const std::uint8_t*>(panel + 2 * c), depth / kBf16Step,
                                    sums_[turn_], behind_);
        behind_ = {sums_[turn_], y.at(r, c), add};
      }
    }
  }
  void finish() {
    for (long r = 0; r < kTileRows; r += kFinishedTogether) behind_.finish(r);
    behind_ = {};
  }

 private:
  SummedTile behind_;
  long turn_ = 0;
  alignas(64) float sums_[2][kTileElements];
};

void multiply_bf16(const Bf16* x, long width, long rows, const Bf16* panel, long depth, float* y, long stride,
                   long columns, bool accumulate) {
  const tiles::Tiles shaped(tiles::kWholeTiles);
  tiles::tiles_ordered();
  SummedTiles product;
  for_whole_tiles(
      rows, {y, stride}, columns, accumulate,
      [&](long row, long count, Results to, bool add) {
        product.multiply(x + row * width, width, count, panel, depth, to, add);
      },
      [&] { product.finish(); });
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
