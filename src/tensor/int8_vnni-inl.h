// Included by int8_kernel.cpp only.
#pragma once

#include <immintrin.h>

#include "tensor/int8_kernel.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

// kRows x 64 outputs in registers: 6 x 4 accumulators, 4 vectors of weights and one broadcast of activations.
constexpr long kTileRows = 6;
constexpr long kRowsTogether = 1;
constexpr long kTogether = 96;  // rows that a block of weights serves before the next one comes

/// Some rows of results, [kRows, 64].
struct Results {
  float* data;
  long stride;
};

/// to = from + a block's products, scaled; from nothing where `kFirst`. By itself, so that all registers are
/// for the sums.
template <int kRows, bool kFirst>
__attribute__((noinline)) void add_block(const std::uint8_t* a, long width, long depth, const std::int8_t* b,
                                         const std::int32_t* start, const float* row_scales,
                                         const float* channel_scales, Results from, Results to) {
  __m512i sums[kRows][4];
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) sums[r][j] = _mm512_load_si512(start + 16 * j);
  }
  // Results may be far away: they are on their way while the sums are made.
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) __builtin_prefetch(to.data + r * to.stride + 16 * j, 1);
  }
  const std::int8_t* end = b + depth * kPanelChannels;
  do {  // depth is never 0
    __m512i weights[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) weights[j] = _mm512_load_si512(b + 64 * j);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      std::int32_t four;
      __builtin_memcpy(&four, a + r * width, 4);
      const __m512i activations = _mm512_set1_epi32(four);
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) sums[r][j] = _mm512_dpbusd_epi32(sums[r][j], activations, weights[j]);
    }
    a += 4;
    b += 4 * kPanelChannels;
  } while (b != end);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const __m512 channels = _mm512_load_ps(channel_scales + 16 * j);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      const __m512 scale = _mm512_mul_ps(channels, _mm512_set1_ps(row_scales[r]));
      const __m512 before =
          kFirst ? _mm512_setzero_ps() : _mm512_loadu_ps(from.data + r * from.stride + 16 * j);
      _mm512_storeu_ps(to.data + r * to.stride + 16 * j,
                       _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[r][j]), scale, before));
    }
  }
}

/// A block of a panel for some rows.
template <bool kFirst>
void add_rows(const Int8Rows& rows, long row, long count, const Int8Panel& panel, long first, long block,
              Results from, Results to) {
  const long depth = scaled_block(panel.depth - first);
  const auto add = [&](auto call, long r) {
    call(rows.quants + (row + r) * rows.width + first, rows.width, depth,
         panel.quants + first * kPanelChannels, panel.start + block * kPanelChannels,
         rows.scales + block * rows.scale_stride + row + r, panel.scales + block * kPanelChannels,
         Results{from.data + r * from.stride, from.stride}, Results{to.data + r * to.stride, to.stride});
  };
  long r = 0;
  for (; r + kTileRows <= count; r += kTileRows) add(add_block<kTileRows, kFirst>, r);
  for (; r + 2 <= count; r += 2) add(add_block<2, kFirst>, r);
  for (; r < count; ++r) add(add_block<1, kFirst>, r);
}

/// All 64 columns for up to kTogether rows: a block of weights stays in the nearest cache for all of them,
/// and so do the results from block to block.
void multiply_whole(const Int8Rows& rows, long row, long count, const Int8Panel& panel, Results y,
                    bool accumulate) {
  alignas(64) float between[kTogether * kPanelChannels];
  Results from = y;
  long block = 0;
  for (long first = 0; first < panel.depth; ++block) {
    const long next = first + scaled_block(panel.depth - first);
    const Results to = next == panel.depth ? y : Results{between, kPanelChannels};
    if (block == 0 && !accumulate) {
      add_rows<true>(rows, row, count, panel, first, block, from, to);
    } else {
      add_rows<false>(rows, row, count, panel, first, block, from, to);
    }
    from = to;
    first = next;
  }
}

/// The same for fewer columns of y.
void multiply_narrow(const Int8Rows& rows, long row, long count, const Int8Panel& panel, Results y,
                     long columns, bool accumulate) {
  alignas(64) float wide[kTogether * kPanelChannels] = {};
  for (long r = 0; accumulate && r < count; ++r)
    __builtin_memcpy(wide + r * kPanelChannels, y.data + r * y.stride, static_cast<std::size_t>(4 * columns));
  multiply_whole(rows, row, count, panel, {wide, kPanelChannels}, accumulate);
  for (long r = 0; r < count; ++r)
    __builtin_memcpy(y.data + r * y.stride, wide + r * kPanelChannels, static_cast<std::size_t>(4 * columns));
}

void multiply(const Int8Rows& rows, const Int8Panel& panel, float* y, long stride, long columns,
              bool accumulate) {
  for (long row = 0; row < rows.rows; row += kTogether) {
    const long count = rows.rows - row < kTogether ? rows.rows - row : kTogether;
    const Results results{y + row * stride, stride};
    if (columns == kPanelChannels) {
      multiply_whole(rows, row, count, panel, results, accumulate);
    } else {
      multiply_narrow(rows, row, count, panel, results, columns, accumulate);
    }
  }
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
