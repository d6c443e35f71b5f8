// Included by kernel sources only: products in AMX's tile registers, 32 rows x 32 outputs at a time.
//
// Rows stand in groups of 32, [step][32][64 bytes], a step being what a tile holds of each. Panels have 256
// bytes for each row of a tile of weights: 64 outputs of 4 bytes.
//
// A tile's sums have to go through memory to become results. That is done in between the instructions of the
// next tile, 8 rows for each step, so that tile and vector registers work at the same time.
#pragma once

#include <immintrin.h>

#include "base/amx-inl.h"
#include "tensor/panel.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

constexpr long kTileRows = 32;
constexpr long kRowsTogether = kTileRows;
constexpr long kTileChannels = 32;
constexpr long kTileElements = kTileRows * kTileChannels;
constexpr long kRowsOfAStep = 64 * kTileRows;          // bytes
constexpr long kWeightsOfAStep = 64 * kPanelChannels;  // bytes
constexpr long kFinishedTogether = 8;                  // rows
constexpr long kTogether = 64;  // rows that a block of weights serves before the next one comes

/// Some rows of results.
struct Results {
  float* data;
  long stride;

  Results at(long row, long channel) const { return {data + row * stride + channel, stride}; }
};

enum class Number { int8, bf16 };

/// sums [32, 32] = a * b over `steps`; `behind` is the tile before, of which rows are finished on the way.
template <Number kNumber, typename Behind>
inline void multiply_tile(const std::uint8_t* a, const std::uint8_t* b, long steps, void* sums,
                          const Behind& behind) {
  constexpr long kPanelRow = 4 * kPanelChannels;
  constexpr long kSumsRow = 4 * kTileChannels;
  auto* to = static_cast<std::uint8_t*>(sums);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  long finished = 0;
  for (long step = 0; step < steps; ++step, a += kRowsOfAStep, b += kWeightsOfAStep) {
    _tile_loadd(4, a, 64);
    _tile_loadd(6, b, kPanelRow);
    _tile_loadd(7, b + 64, kPanelRow);
    _tile_loadd(5, a + 16 * 64, 64);
    if constexpr (kNumber == Number::int8) {
      _tile_dpbusd(0, 4, 6);
      _tile_dpbusd(1, 4, 7);
      _tile_dpbusd(2, 5, 6);
      _tile_dpbusd(3, 5, 7);
    } else {
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    if (finished < kTileRows) behind.finish(finished);
    finished += kFinishedTogether;
  }
  for (; finished < kTileRows; finished += kFinishedTogether) behind.finish(finished);
  _tile_stored(0, to, kSumsRow);
  _tile_stored(1, to + 64, kSumsRow);
  _tile_stored(2, to + 16 * kSumsRow, kSumsRow);
  _tile_stored(3, to + 16 * kSumsRow + 64, kSumsRow);
  tiles::tiles_ordered();
}

/// Calls product(row, count, results, add) for up to kTogether rows at a time. Its results are whole tiles:
/// y's own, or others that are copied from where finish() returns.
template <typename Product, typename Finish>
void for_whole_tiles(long rows, Results y, long columns, bool accumulate, const Product& product,
                     const Finish& finish) {
  alignas(64) float whole[kTogether * kPanelChannels];
  for (long row = 0; row < rows; row += kTogether) {
    const long count = rows - row < kTogether ? rows - row : kTogether;
    const Results to = y.at(row, 0);
    if (count % kTileRows == 0 && columns == kPanelChannels) {
      product(row, count, to, accumulate);
      continue;
    }
    const auto bytes = static_cast<std::size_t>(columns) * sizeof(float);
    for (long r = 0; accumulate && r < count; ++r)
      __builtin_memcpy(whole + r * kPanelChannels, to.at(r, 0).data, bytes);
    product(row, count, Results{whole, kPanelChannels}, accumulate);
    finish();
    for (long r = 0; r < count; ++r) __builtin_memcpy(to.at(r, 0).data, whole + r * kPanelChannels, bytes);
  }
  finish();
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
