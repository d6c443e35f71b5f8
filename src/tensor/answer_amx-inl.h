// Included by answer_kernel.cpp only: 16 rows that answer at a time, in AMX's tile registers. The arithmetic
// of a row is that of rows by themselves: the tiles hold sums of integers, which are exact.
//
// Weights go through memory into tiles, and sums through memory out of them. Neither is waited for: a part is
// unpacked two parts before it is multiplied, and its sums are finished two parts later.
#pragma once

#include "base/amx-inl.h"
#include "tensor/grouped-inl.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

constexpr long kLeastTiledRows = 9;  // fewer are sooner done by four
constexpr int kRing = 4;             // parts that are under way

/// 16 rows from `row` on, a multiple of 16, and all channels of a group. Tiles 0 to 3 are sums of a part
/// each, 4 and 5 rows [16, bytes of a part], 6 and 7 weights [a fourth of that, 64].
template <BlockType kType>
class TiledRows {
 public:
  TiledRows(const WeightGroup& weights, const QuantizedRows& x, long row)
      : blocks_(x.width / 32),
        width_(x.width),
        quants_(weights.quants),
        rows_(x.quants + row * x.width),
        row_scales_(x.tiled_scales + row * blocks_),
        row_sums_(x.tiled_sums + row * blocks_),
        totals_(x.tiled_totals + 2 * row * blocks_),
        scales_(weights.scales),
        ahead_(weights, x.width),
        first_rows_(row == 0) {}

  /// out [16, 16]
  void multiply(float* out) {
    Values results[kTiledRows];
    for (Values& result : results) result = all(0);
    const long parts = blocks_ * kParts;
    for (int i = 0; i < 2; i += kParts) unpack(0, i, parts);
    for (long first = 0; first < parts; first += kStep) {
#pragma GCC unroll 16
      for (int i = 0; i < kStep; ++i) {
        if (!kLarge && first + i >= parts) break;
        multiply_part(first, i);
        if (i >= 2) finish(first, i - 2, results);
        if (i < 2 && first > 0) finish(first - kStep, i + kStep - 2, results);
        store(i);
        if (i + 2 < kStep) unpack(first, i + 2, parts);
        if (i + 2 >= kStep) unpack(first + kStep, i + 2 - kStep, parts);
      }
    }
    for (long part = parts < 2 ? 0 : parts - 2; part < parts; ++part)
      finish(part / kStep * kStep, static_cast<int>(part % kStep), results);
#pragma GCC unroll 16
    for (int r = 0; r < kTiledRows; ++r) store_values(results[r], out + r * kGroupChannels);
  }

 private:
  static constexpr GroupForm kForm = group_form(kType);
  static constexpr int kParts = 32 / kForm.part;  // of 32 elements
  static constexpr bool kLarge = kForm.elements == 256;
  static constexpr int kStep = kLarge ? 8 * kParts : kRing;  // parts whose place in a block is known
  static constexpr int kPartBytes = 16 * kForm.part;         // unpacked

  // All: part `i` behind the part `first`, which begins a step.

  inline __attribute__((always_inline)) void unpack(long first, int i, long parts) {
    if (i % kParts != 0 || first + i >= parts) return;
    Bytes four[8];
    const long block = kLarge ? first / kStep : first + i;
    if (first_rows_) ahead_.ask();
    load_quants<kType>(quants_ + block * kForm.quant_bytes(), kLarge ? i / kParts : 0, 0, four);
    std::uint8_t* to = unpacked_ + i % kRing * kPartBytes;
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j) _mm512_store_si512(to + 64 * j, four[j]);
  }

#define FOCUSLLM_MULTIPLY(sum, row, weight)                     \
  if (i % kRing == sum) {                                       \
    _tile_zero(sum);                                            \
    _tile_loadd(weight, unpacked_ + sum * kPartBytes, 64);      \
    _tile_loadd(row, rows_ + (first + i) * kForm.part, width_); \
    _tile_dpbsud(sum, row, weight);                             \
  }
  inline __attribute__((always_inline)) void multiply_part(long first, int i) {
    tiles::tiles_ordered();
    FOCUSLLM_MULTIPLY(0, 4, 6)
    FOCUSLLM_MULTIPLY(1, 5, 7)
    FOCUSLLM_MULTIPLY(2, 4, 6)
    FOCUSLLM_MULTIPLY(3, 5, 7)
    tiles::tiles_ordered();
  }
#undef FOCUSLLM_MULTIPLY

  inline __attribute__((always_inline)) void store(int i) {
    tiles::tiles_ordered();
    if (i % kRing == 0) _tile_stored(0, sums_, 64);
    if (i % kRing == 1) _tile_stored(1, sums_ + kSums, 64);
    if (i % kRing == 2) _tile_stored(2, sums_ + 2 * kSums, 64);
    if (i % kRing == 3) _tile_stored(3, sums_ + 3 * kSums, 64);
    tiles::tiles_ordered();
  }

  inline __attribute__((always_inline)) void finish(long first, int i, Values (&results)[kTiledRows]) {
    const std::int32_t* sums = sums_ + i % kRing * kSums;
    const long at = (first + i) / kParts * kTiledRows;
    const float* row_scales = row_scales_ + at;
    const float* row_sums = row_sums_ + at;
    const __m512i half = _mm512_load_si512(totals_ + 2 * at + i % kParts * kTiledRows);
    if constexpr (!kForm.minima) {
      const __m512i total =
          kParts == 2 ? half : _mm512_add_epi32(half, _mm512_load_si512(totals_ + 2 * at + kTiledRows));
      _mm512_store_si512(zeros_, _mm512_mullo_epi32(total, _mm512_set1_epi32(-kForm.zero())));
    } else if constexpr (kParts == 2) {
      _mm512_store_ps(part_sums_, FOCUSLLM_ISA::multiply(_mm512_load_ps(row_scales), to_values(half)));
      row_sums = part_sums_;
    }
    Values scale, minimum;
    const long block = kLarge ? first / kStep : first + i;
    load_scale<kType>(scales_ + block * kForm.scale_bytes(), kLarge ? i : 0, 0, scale, minimum);
#pragma GCC unroll 16
    for (int r = 0; r < kTiledRows; ++r) {
      Sums sum = _mm512_load_si512(sums + r * kGroupChannels);
      if constexpr (!kForm.minima) sum = add(sum, start_at(zeros_[r]));
      results[r] =
          multiply_add(to_values(sum), FOCUSLLM_ISA::multiply(scale, all(row_scales[r])), results[r]);
      if constexpr (kForm.minima) results[r] = multiply_add(minimum, all(row_sums[r]), results[r]);
    }
  }

  static constexpr int kSums = kTiledRows * kGroupChannels;
  long blocks_, width_;  ///< blocks of 32
  const std::uint8_t* quants_;
  const std::int8_t* rows_;
  const float* row_scales_;
  const float* row_sums_;
  const std::int32_t* totals_;
  const std::uint8_t*
      scales_;  ///< not beside quants_: both are loaded as one then, which waits for their stores
  GroupAhead<kType> ahead_;
  bool first_rows_;
  alignas(64) std::int32_t sums_[kRing * kSums];
  alignas(64) std::uint8_t unpacked_[kRing * kPartBytes];
  alignas(64) std::int32_t zeros_[kTiledRows];
  alignas(64) float part_sums_[kTiledRows];
};

/// The bytes of a part that this thread's tiles are shaped for; 0: they are released.
thread_local int shaped_for = 0;

/// To give the tiles a shape takes as long as dozens of parts, so they keep it until release_tiles().
template <int kPart>
void shape_tiles() {
  if (shaped_for == kPart) return;
  constexpr tiles::TileShapes kShapes{
      {{16, 64}, {16, 64}, {16, 64}, {16, 64}, {16, kPart}, {16, kPart}, {kPart / 4, 64}, {kPart / 4, 64}}};
  tiles::configure(kShapes);
  shaped_for = kPart;
}

void release_tiles() {
  if (shaped_for != 0) _tile_release();
  shaped_for = 0;
}

/// As many rows as tiles pay for; gives how many were done.
template <BlockType kType>
long multiply_tiled_rows(const WeightGroup& weights, const QuantizedRows& x, float* y, long stride,
                         long columns, bool accumulate) {
  if (x.rows < kLeastTiledRows) return 0;
  shape_tiles<group_form(kType).part>();
  alignas(64) float out[kTiledRows * kGroupChannels];
  long row = 0;
  for (; x.rows - row >= kLeastTiledRows; row += kTiledRows) {
    TiledRows<kType>(weights, x, row).multiply(out);
    add_results(out, x.rows - row < kTiledRows ? x.rows - row : kTiledRows, y + row * stride, stride, columns,
                accumulate);
  }
  return row < x.rows ? row : x.rows;
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
