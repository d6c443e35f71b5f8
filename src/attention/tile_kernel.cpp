#include "attention/kernel.h"
#include "attention/tile_packing-inl.h"
#include "attention/vector_math-inl.h"
#include "base/inner_loop.h"

// One block of queries against one tile of keys, compiled once for each instruction set. Queries stand in the
// lanes; both products, scores = keys * queries and out += values^T * weights, are then the same
// micro-kernel: units of rows broadcast against vectors of units of queries.

namespace focusllm::attention::FOCUSLLM_ISA {
namespace {

/// Key and value elements are f32: one unit is one element.
struct DotF32 {
  using Unit = float;
  using Vector = Floats;
  static constexpr int kPerUnit = 1;
  HWY_INLINE static Vector load(const Unit* from) { return hn::LoadU(kFloat, from); }
  HWY_INLINE static Vector broadcast(const Unit* from) { return hn::Set(kFloat, *from); }
  HWY_INLINE static Floats add_product(Floats sum, Vector a, Vector b) { return hn::MulAdd(a, b, sum); }
};

#ifdef __AVX512BF16__
/// Elements are bf16: one unit is a pair of them, a vector of products adds both.
struct DotBf16 {
  using Unit = std::uint32_t;
  using Vector = __m512i;
  static constexpr int kPerUnit = 2;
  HWY_INLINE static Vector load(const Unit* from) { return _mm512_loadu_si512(from); }
  HWY_INLINE static Vector broadcast(const Unit* from) { return _mm512_set1_epi32(static_cast<int>(*from)); }
  HWY_INLINE static Floats add_product(Floats sum, Vector a, Vector b) {
    return Floats{_mm512_dpbf16_ps(sum.raw, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b))};
  }
};
#endif

/// sums[r][v] += sum over s of rows[r * row_stride + s * step_stride] * columns[s][v].
template <class Dot, int kRows, int kCols>
FOCUSLLM_INNER_LOOP void add_products(const typename Dot::Unit* HWY_RESTRICT rows, int row_stride,
                                      int step_stride, const typename Dot::Unit* HWY_RESTRICT columns,
                                      int steps, Floats (&sums)[kRows][kCols]) {
  for (int s = 0; s < steps; ++s) {
    typename Dot::Vector column[kCols];
    for (int c = 0; c < kCols; ++c) column[c] = Dot::load(columns + c * kLanes);
    for (int r = 0; r < kRows; ++r) {
      const auto row = Dot::broadcast(rows + r * row_stride);
      for (int c = 0; c < kCols; ++c) sums[r][c] = Dot::add_product(sums[r][c], row, column[c]);
    }
    rows += step_stride;
    columns += kCols * kLanes;
  }
}

constexpr int kRows =
    kManyRegisters ? 8 : 4;  // with 3 vectors of queries: 24 accumulators of 32, or 12 of 16

/// Writes scores [keys][kCols vectors] and raises `top` to their maximum.
template <class Dot, int kCols>
HWY_INLINE void compute_scores(const TileCall& call, Floats (&top)[kCols]) {
  using Unit = typename Dot::Unit;
  const int units = call.dim / Dot::kPerUnit;
  const auto* keys = static_cast<const Unit*>(call.key_rows) + std::int64_t{call.first_key} * units;
  const auto* queries = static_cast<const Unit*>(call.queries);
  for (int k = 0; k < call.keys; k += kRows) {
    Floats sums[kRows][kCols];
    for (int r = 0; r < kRows; ++r) {
      for (int c = 0; c < kCols; ++c) sums[r][c] = hn::Zero(kFloat);
    }
    add_products<Dot, kRows, kCols>(keys + static_cast<std::int64_t>(k) * units, units, 1, queries, units,
                                    sums);
    float* scores = call.scores + k * kCols * kLanes;
    for (int r = 0; r < kRows; ++r) {
      for (int c = 0; c < kCols; ++c) {
        top[c] = hn::Max(top[c], sums[r][c]);
        hn::StoreU(sums[r][c], kFloat, scores + (r * kCols + c) * kLanes);
      }
    }
  }
}

}  // namespace
}  // namespace focusllm::attention::FOCUSLLM_ISA
#ifdef __AMX_BF16__
#include "attention/amx_tiles-inl.h"
#endif
namespace focusllm::attention::FOCUSLLM_ISA {
namespace {

/// Sets the scores that the masks hide to kMasked and raises `top` to the maximum of the others.
template <int kCols>
HWY_INLINE void mask_scores(const TileCall& call, Floats (&top)[kCols]) {
  const hn::RebindToUnsigned<FloatTag> words;
  for (int k = 0; k < call.keys; ++k) {
    const auto bit = hn::Set(words, std::uint32_t{1} << (k % 32));
    const std::uint32_t* visible = call.visible + (k / 32) * kCols * kLanes;
    for (int c = 0; c < kCols; ++c) {
      float* score = call.scores + (k * kCols + c) * kLanes;
      const auto seen = hn::RebindMask(kFloat, hn::TestBit(hn::LoadU(words, visible + c * kLanes), bit));
      const Floats masked = hn::IfThenElse(seen, hn::LoadU(kFloat, score), hn::Set(kFloat, kMasked));
      top[c] = hn::Max(top[c], masked);
      hn::StoreU(masked, kFloat, score);
    }
  }
}

/// Scores of a tile, masked where asked; `top` comes back as their maximum with what it was.
template <class Dot, int kCols>
HWY_INLINE void score_tile(const TileCall& call, Floats (&top)[kCols]) {
  if (call.visible == nullptr) {
    compute_scores<Dot, kCols>(call, top);
    return;
  }
  Floats ignored[kCols];  // a hidden key's score must not raise the maximum: it could push all others to 0
  for (int c = 0; c < kCols; ++c) ignored[c] = top[c];
  compute_scores<Dot, kCols>(call, ignored);
  mask_scores<kCols>(call, top);
}

/// Replaces scores by weights exp2(score - top) in the Dot's units, in place (a pair takes the place of its
/// first half's row or an earlier one, both already read), and adds them up in f32.
template <class Dot, int kCols>
struct Weights {
  HWY_INLINE static void apply(float* scores, int keys, const Floats (&top)[kCols], Floats (&total)[kCols]) {
    for (int k = 0; k < keys; ++k) {
      for (int c = 0; c < kCols; ++c) {
        float* at = scores + (k * kCols + c) * kLanes;
        const Floats weight = exp2_negative(hn::Sub(hn::LoadU(kFloat, at), top[c]));
        total[c] = hn::Add(total[c], weight);
        hn::StoreU(weight, kFloat, at);
      }
    }
  }
};

#ifdef __AVX512BF16__
/// 16 pairs (low[i], high[i]) rounded to bf16.
HWY_INLINE __m512i pack_pairs(__m512 low, __m512 high) {
  alignas(64) static constexpr std::uint16_t kInterleave[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                                21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                                11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
  return _mm512_permutexvar_epi16(_mm512_load_si512(kInterleave), both);
}

template <int kCols>
struct Weights<DotBf16, kCols> {
  HWY_INLINE static void apply(float* scores, int keys, const Floats (&top)[kCols], Floats (&total)[kCols]) {
    for (int k = 0; k < keys; k += 2) {
      for (int c = 0; c < kCols; ++c) {
        const float* at = scores + (k * kCols + c) * kLanes;
        const Floats low = exp2_negative(hn::Sub(hn::LoadU(kFloat, at), top[c]));
        const Floats high = exp2_negative(hn::Sub(hn::LoadU(kFloat, at + kCols * kLanes), top[c]));
        total[c] = hn::Add(total[c], hn::Add(low, high));
        _mm512_storeu_si512(scores + (k / 2 * kCols + c) * kLanes, pack_pairs(low.raw, high.raw));
      }
    }
  }
};
#endif

#ifdef __AMX_BF16__
template <int kCols>
struct Weights<AmxBf16, kCols> : Weights<DotBf16, kCols> {};
#endif

/// out = out * keep + values^T * weights.
template <class Dot, int kCols>
HWY_INLINE void add_values(const TileCall& call, const Floats (&keep)[kCols]) {
  using Unit = typename Dot::Unit;
  const int units = call.keys / Dot::kPerUnit;
  const int panel_units = call.panel_keys / Dot::kPerUnit;
  const auto* weights = reinterpret_cast<const Unit*>(call.scores);
  for (int d = 0; d < call.dim; d += kRows) {
    const auto* values = static_cast<const Unit*>(call.values) + d / kPanel * kPanel * panel_units +
                         call.first_key / Dot::kPerUnit * kPanel + d % kPanel;
    float* out = call.out + d * kCols * kLanes;
    Floats sums[kRows][kCols];
    for (int r = 0; r < kRows; ++r) {
      for (int c = 0; c < kCols; ++c) {
        sums[r][c] = hn::Mul(keep[c], hn::LoadU(kFloat, out + (r * kCols + c) * kLanes));
      }
    }
    add_products<Dot, kRows, kCols>(values, 1, kPanel, weights, units, sums);
    for (int r = 0; r < kRows; ++r) {
      for (int c = 0; c < kCols; ++c) hn::StoreU(sums[r][c], kFloat, out + (r * kCols + c) * kLanes);
    }
  }
}

template <class Dot, int kCols>
void attend_block(const TileCall& call) {
  Floats top[kCols];
  Floats before[kCols];
  for (int c = 0; c < kCols; ++c) top[c] = before[c] = hn::LoadU(kFloat, call.top + c * kLanes);
  score_tile<Dot, kCols>(call, top);
  Floats keep[kCols];
  Floats total[kCols];
  for (int c = 0; c < kCols; ++c) {
    keep[c] = exp2_negative(hn::Sub(before[c], top[c]));
    total[c] = hn::Mul(keep[c], hn::LoadU(kFloat, call.total + c * kLanes));
  }
  Weights<Dot, kCols>::apply(call.scores, call.keys, top, total);
  for (int c = 0; c < kCols; ++c) {
    hn::StoreU(top[c], kFloat, call.top + c * kLanes);
    hn::StoreU(total[c], kFloat, call.total + c * kLanes);
  }
  if (call.values != nullptr) add_values<Dot, kCols>(call, keep);
}

/// Collect's two ways, of vectors and of a vector's lanes.
struct Sum {
  HWY_INLINE static Floats together(Floats a, Floats b) { return hn::Add(a, b); }
  HWY_INLINE static float of_lanes(Floats a) { return hn::GetLane(hn::SumOfLanes(kFloat, a)); }
  HWY_INLINE static float together(float a, float b) { return a + b; }
};
struct Most {
  HWY_INLINE static Floats together(Floats a, Floats b) { return hn::Max(a, b); }
  HWY_INLINE static float of_lanes(Floats a) { return hn::GetLane(hn::MaxOfLanes(kFloat, a)); }
  HWY_INLINE static float together(float a, float b) { return a > b ? a : b; }
};

template <class Dot, class Way, int kCols>
void column_block(const TileCall& call) {
  Floats unused[kCols];
  Floats lse[kCols];
  for (int c = 0; c < kCols; ++c) {
    unused[c] = hn::Zero(kFloat);
    lse[c] = hn::LoadU(kFloat, call.lse + c * kLanes);
  }
  score_tile<Dot, kCols>(call, unused);
  for (int k = 0; k < call.keys; ++k) {
    Floats column = hn::LoadU(kFloat, call.columns + k * kLanes);
    for (int c = 0; c < kCols; ++c) {
      const Floats score = hn::LoadU(kFloat, call.scores + (k * kCols + c) * kLanes);
      column = Way::together(column, exp2_negative(hn::Sub(score, lse[c])));
    }
    hn::StoreU(column, kFloat, call.columns + k * kLanes);
  }
}

template <class Dot>
void attend(const TileCall& call) {
  if (call.vectors == 1) return attend_block<Dot, 1>(call);
  if (call.vectors == 2) return attend_block<Dot, 2>(call);
  attend_block<Dot, 3>(call);
}

template <class Dot, class Way>
void collect(const TileCall& call) {
  if (call.vectors == 1) return column_block<Dot, Way, 1>(call);
  if (call.vectors == 2) return column_block<Dot, Way, 2>(call);
  column_block<Dot, Way, 3>(call);
}

#ifdef __AMX_BF16__
void attend_amx(const TileCall& call) {
  const tiles::Tiles tiles(kTileShapes);
  attend<AmxBf16>(call);
}

template <class Way>
void collect_amx(const TileCall& call) {
  const tiles::Tiles tiles(kTileShapes);
  collect<AmxBf16, Way>(call);
}
#endif

template <class Way>
void reduce(const float* columns, int keys, float* to) {
  for (int k = 0; k < keys; ++k)
    to[k] = Way::together(to[k], Way::of_lanes(hn::LoadU(kFloat, columns + k * kLanes)));
}

}  // namespace

constinit const TileKernels tile_kernels{.f32 = {.lanes = kLanes,
                                                 .element_bytes = 4,
                                                 .pack_queries = pack_queries_f32,
                                                 .load_rows = load_rows_f32,
                                                 .pack_values = pack_values_f32,
                                                 .attend = attend<DotF32>,
                                                 .collect = {collect<DotF32, Sum>, collect<DotF32, Most>},
                                                 .reduce = {reduce<Sum>, reduce<Most>},
                                                 .unpack = unpack},
#ifdef __AMX_BF16__
                                         .bf16 = {.lanes = kLanes,
                                                  .element_bytes = 2,
                                                  .key_step = 32,
                                                  .pack_queries = pack_queries_bf16,
                                                  .load_rows = load_rows_bf16,
                                                  .pack_values = pack_values_amx,
                                                  .attend = attend_amx,
                                                  .collect = {collect_amx<Sum>, collect_amx<Most>},
                                                  .reduce = {reduce<Sum>, reduce<Most>},
                                                  .unpack = unpack}
#elif defined __AVX512BF16__
                                         .bf16 = {.lanes = kLanes,
                                                  .element_bytes = 2,
                                                  .pack_queries = pack_queries_bf16,
                                                  .load_rows = load_rows_bf16,
                                                  .pack_values = pack_values_bf16,
                                                  .attend = attend<DotBf16>,
                                                  .collect = {collect<DotBf16, Sum>, collect<DotBf16, Most>},
                                                  .reduce = {reduce<Sum>, reduce<Most>},
                                                  .unpack = unpack}
#endif
};

}  // namespace focusllm::attention::FOCUSLLM_ISA
