// Included by tile_kernel.cpp only, for the instruction set "amx": the two products on tile registers of 16
// rows of 16 f32 or 16 pairs of bf16.
#pragma once

#include "base/amx-inl.h"

namespace focusllm::attention::FOCUSLLM_ISA {
namespace {

/// Packed like DotBf16's, but for the values (pack_values_amx).
struct AmxBf16 : DotBf16 {};

// Tiles 0 to 2: sums. 3: rows, 4 and 5: columns in turn. 6 and 7: rows and columns of half a step.
constexpr tiles::TileShapes kTileShapes{
    {{16, 64}, {16, 64}, {16, 64}, {16, 64}, {16, 64}, {16, 64}, {16, 32}, {8, 64}}};

template <int kCols>
HWY_INLINE void zero_sums() {
  _tile_zero(0);
  if constexpr (kCols > 1) _tile_zero(1);
  if constexpr (kCols > 2) _tile_zero(2);
}

template <int kCols>
HWY_INLINE void load_sums(const float* from) {
  _tile_loadd(0, from, kCols * 64);
  if constexpr (kCols > 1) _tile_loadd(1, from + 16, kCols * 64);
  if constexpr (kCols > 2) _tile_loadd(2, from + 32, kCols * 64);
}

template <int kCols>
HWY_INLINE void store_sums(float* to) {
  _tile_stored(0, to, kCols * 64);
  if constexpr (kCols > 1) _tile_stored(1, to + 16, kCols * 64);
  if constexpr (kCols > 2) _tile_stored(2, to + 32, kCols * 64);
}

/// Adds the product of 16 rows of 16 pairs, `stride` bytes apart, and 16 rows of kCols vectors of pairs.
template <int kCols>
HWY_INLINE void add_step(const char* rows, long stride, const char* columns) {
  _tile_loadd(3, rows, stride);
  _tile_loadd(4, columns, kCols * 64);
  _tile_dpbf16ps(0, 3, 4);
  if constexpr (kCols > 1) {
    _tile_loadd(5, columns + 64, kCols * 64);
    _tile_dpbf16ps(1, 3, 5);
  }
  if constexpr (kCols > 2) {
    _tile_loadd(4, columns + 128, kCols * 64);
    _tile_dpbf16ps(2, 3, 4);
  }
}

/// The same with 8 pairs.
template <int kCols>
HWY_INLINE void add_half_step(const char* rows, long stride, const char* columns) {
  _tile_loadd(6, rows, stride);
  _tile_loadd(7, columns, kCols * 64);
  _tile_dpbf16ps(0, 6, 7);
  if constexpr (kCols > 1) {
    _tile_loadd(7, columns + 64, kCols * 64);
    _tile_dpbf16ps(1, 6, 7);
  }
  if constexpr (kCols > 2) {
    _tile_loadd(7, columns + 128, kCols * 64);
    _tile_dpbf16ps(2, 6, 7);
  }
}

template <std::same_as<AmxBf16> Dot, int kCols>
HWY_INLINE void compute_scores(const TileCall& call, Floats (&top)[kCols]) {
  const long stride = call.dim * 2;
  const auto* keys = static_cast<const char*>(call.key_rows) + call.first_key * stride;
  const auto* queries = static_cast<const char*>(call.queries);
  const int whole = call.dim / 32;
  tiles::tiles_ordered();
  for (int k = 0; k < call.keys; k += 16) {
    zero_sums<kCols>();
    for (int s = 0; s < whole; ++s) {
      add_step<kCols>(keys + k * stride + s * 64, stride, queries + s * 16 * kCols * 64);
    }
    if (call.dim % 32 != 0) {
      add_half_step<kCols>(keys + k * stride + whole * 64, stride, queries + whole * 16 * kCols * 64);
    }
    store_sums<kCols>(call.scores + k * kCols * kLanes);
  }
  tiles::tiles_ordered();
  for (int k = 0; k < call.keys; ++k) {
    for (int c = 0; c < kCols; ++c) {
      top[c] = hn::Max(top[c], hn::LoadU(kFloat, call.scores + (k * kCols + c) * kLanes));
    }
  }
}

template <int kCols>
HWY_INLINE void scale_out(const TileCall& call, const Floats (&keep)[kCols]) {
  bool all_kept = true;
  for (int c = 0; c < kCols; ++c) {
    all_kept = all_kept && hn::AllTrue(kFloat, hn::Eq(keep[c], hn::Set(kFloat, 1.0F)));
  }
  if (all_kept) return;
  for (int d = 0; d < call.dim; ++d) {
    for (int c = 0; c < kCols; ++c) {
      float* at = call.out + (d * kCols + c) * kLanes;
      hn::StoreU(hn::Mul(keep[c], hn::LoadU(kFloat, at)), kFloat, at);
    }
  }
}

template <std::same_as<AmxBf16> Dot, int kCols>
HWY_INLINE void add_values(const TileCall& call, const Floats (&keep)[kCols]) {
  scale_out<kCols>(call, keep);
  const auto* weights = reinterpret_cast<const char*>(call.scores);
  const auto* values = static_cast<const char*>(call.values);
  tiles::tiles_ordered();
  for (int d = 0; d < call.dim; d += 16) {
    float* out = call.out + d * kCols * kLanes;
    const char* block = values + (d * call.panel_keys + call.first_key * 16) * 2;
    load_sums<kCols>(out);
    for (int k = 0; k < call.keys; k += 32) {
      add_step<kCols>(block + k * 32, 64, weights + k / 2 * kCols * 64);
    }
    store_sums<kCols>(out);
  }
  tiles::tiles_ordered();
}

}  // namespace
}  // namespace focusllm::attention::FOCUSLLM_ISA
