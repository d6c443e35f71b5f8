#include "attention/kernel.h"
#include "attention/vector_math-inl.h"

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

#ifdef FOCUSLLM_ISA_avx512_bf16
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
HWY_INLINE void add_products(const typename Dot::Unit* HWY_RESTRICT rows, int row_stride, int step_stride,
                             const typename Dot::Unit* HWY_RESTRICT columns, int steps,
                             Floats (&sums)[kRows][kCols]) {
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
  const auto* keys = static_cast<const Unit*>(call.key_rows);
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

#ifdef FOCUSLLM_ISA_avx512_bf16
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

/// out = out * keep + values^T * weights.
template <class Dot, int kCols>
HWY_INLINE void add_values(const TileCall& call, const Floats (&keep)[kCols]) {
  using Unit = typename Dot::Unit;
  const int units = call.keys / Dot::kPerUnit;
  const int panel_units = call.panel_keys / Dot::kPerUnit;
  const auto* weights = reinterpret_cast<const Unit*>(call.scores);
  for (int d = 0; d < call.dim; d += kRows) {
    const auto* values =
        static_cast<const Unit*>(call.values) + d / kPanel * kPanel * panel_units + d % kPanel;
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
  add_values<Dot, kCols>(call, keep);
}

template <class Dot, int kCols>
void column_block(const TileCall& call) {
  Floats unused[kCols];
  Floats lse[kCols];
  for (int c = 0; c < kCols; ++c) {
    unused[c] = hn::Zero(kFloat);
    lse[c] = hn::LoadU(kFloat, call.lse + c * kLanes);
  }
  score_tile<Dot, kCols>(call, unused);
  for (int k = 0; k < call.keys; ++k) {
    Floats sum = hn::LoadU(kFloat, call.sums + k * kLanes);
    for (int c = 0; c < kCols; ++c) {
      const Floats score = hn::LoadU(kFloat, call.scores + (k * kCols + c) * kLanes);
      sum = hn::Add(sum, exp2_negative(hn::Sub(score, lse[c])));
    }
    hn::StoreU(sum, kFloat, call.sums + k * kLanes);
  }
}

template <class Dot>
void attend(const TileCall& call) {
  if (call.vectors == 1) return attend_block<Dot, 1>(call);
  if (call.vectors == 2) return attend_block<Dot, 2>(call);
  attend_block<Dot, 3>(call);
}

template <class Dot>
void column_sums(const TileCall& call) {
  if (call.vectors == 1) return column_block<Dot, 1>(call);
  if (call.vectors == 2) return column_block<Dot, 2>(call);
  column_block<Dot, 3>(call);
}

void reduce_columns(const float* sums, int keys, float* to) {
  for (int k = 0; k < keys; ++k)
    to[k] += hn::GetLane(hn::SumOfLanes(kFloat, hn::LoadU(kFloat, sums + k * kLanes)));
}

#if HWY_TARGET <= HWY_AVX3
/// Transposes 16 rows of 16 units of 32 bits.
HWY_INLINE void transpose(__m512i (&m)[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(m[i], m[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(m[i], m[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {  // m[i + j]: column j of each block of 4, rows i to i + 3
    m[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    m[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    m[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    m[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int j = 0; j < 4; ++j) {
    t[j] = _mm512_shuffle_i32x4(m[j], m[4 + j], 0x88);
    t[4 + j] = _mm512_shuffle_i32x4(m[j], m[4 + j], 0xdd);
    t[8 + j] = _mm512_shuffle_i32x4(m[8 + j], m[12 + j], 0x88);
    t[12 + j] = _mm512_shuffle_i32x4(m[8 + j], m[12 + j], 0xdd);
  }
  for (int j = 0; j < 4; ++j) {
    m[j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0x88);
    m[8 + j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0xdd);
    m[4 + j] = _mm512_shuffle_i32x4(t[4 + j], t[12 + j], 0x88);
    m[12 + j] = _mm512_shuffle_i32x4(t[4 + j], t[12 + j], 0xdd);
  }
}

void pack_queries_f32(const float* const* rows, int queries, int dim, float factor, void* packed) {
  auto* to = static_cast<float*>(packed);
  const __m512 factors = _mm512_set1_ps(factor);
  for (int q = 0; q < queries; q += 16) {
    for (int d = 0; d < dim; d += 16) {
      __m512i block[16];
      for (int i = 0; i < 16; ++i) {
        const __m512 row = rows[q + i] == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(rows[q + i] + d);
        block[i] = _mm512_castps_si512(_mm512_mul_ps(row, factors));
      }
      transpose(block);
      for (int i = 0; i < 16; ++i) _mm512_storeu_si512(to + (d + i) * queries + q, block[i]);
    }
  }
}

void unpack(const float* out, int queries, int dim, const float* factors, float* const* rows) {
  for (int q = 0; q < queries; q += 16) {
    const __m512 factor = _mm512_loadu_ps(factors + q);
    for (int d = 0; d < dim; d += 16) {
      __m512i block[16];
      for (int i = 0; i < 16; ++i) {
        block[i] = _mm512_castps_si512(_mm512_mul_ps(factor, _mm512_loadu_ps(out + (d + i) * queries + q)));
      }
      transpose(block);
      for (int i = 0; i < 16; ++i) {
        if (rows[q + i] != nullptr) _mm512_storeu_si512(rows[q + i] + d, block[i]);
      }
    }
  }
}
#else
void pack_queries_f32(const float* const* rows, int queries, int dim, float factor, void* packed) {
  auto* to = static_cast<float*>(packed);
  for (int q = 0; q < queries; ++q) {
    const float* row = rows[q];
    for (int d = 0; d < dim; ++d) to[d * queries + q] = row == nullptr ? 0 : row[d] * factor;
  }
}

void unpack(const float* out, int queries, int dim, const float* factors, float* const* rows) {
  for (int q = 0; q < queries; ++q) {
    if (rows[q] == nullptr) continue;
    for (int d = 0; d < dim; ++d) rows[q][d] = out[d * queries + q] * factors[q];
  }
}
#endif

template <class From>
HWY_INLINE void load_f32(const From* from, const float* scales, int rows, int dim, float* to) {
  for (int r = 0; r < rows; ++r) {
    const Floats scale = hn::Set(kFloat, scales == nullptr ? 1.0F : scales[r]);
    for (int d = 0; d < dim; d += kLanes) {
      hn::StoreU(hn::Mul(scale, load_floats(from + r * dim + d)), kFloat, to + r * dim + d);
    }
  }
}

void load_rows_f32(int type, const void* from, const float* scales, int rows, int dim, void* to) {
  auto* floats = static_cast<float*>(to);
  if (type == 0) return load_f32(static_cast<const float*>(from), nullptr, rows, dim, floats);
  if (type == 1) return load_f32(static_cast<const Bf16Bits*>(from), nullptr, rows, dim, floats);
  load_f32(static_cast<const std::int8_t*>(from), scales, rows, dim, floats);
}

void pack_values_f32(const void* rows, int keys, int dim, void* panels) {
  const auto* from = static_cast<const float*>(rows);
  auto* to = static_cast<float*>(panels);
  for (int d = 0; d < dim; d += kPanel) {
    for (int k = 0; k < keys; ++k, to += kPanel)
      __builtin_memcpy(to, from + k * dim + d, kPanel * sizeof(float));
  }
}

#ifdef FOCUSLLM_ISA_avx512_bf16
HWY_INLINE __m512i load_pairs(const float* row, int dims, __m512 factor) {
  if (row == nullptr) return _mm512_setzero_si512();
  const __m512 high = dims > 16 ? _mm512_loadu_ps(row + 16) : _mm512_setzero_ps();
  const __m512 low = _mm512_loadu_ps(row);
  return reinterpret_cast<__m512i>(
      _mm512_cvtne2ps_pbh(_mm512_mul_ps(high, factor), _mm512_mul_ps(low, factor)));
}

void pack_queries_bf16(const float* const* rows, int queries, int dim, float factor, void* packed) {
  auto* to = static_cast<std::uint32_t*>(packed);
  const __m512 factors = _mm512_set1_ps(factor);
  for (int q = 0; q < queries; q += 16) {
    for (int d = 0; d < dim; d += 32) {
      const int dims = dim - d < 32 ? 16 : 32;
      __m512i block[16];
      for (int i = 0; i < 16; ++i) {
        block[i] = load_pairs(rows[q + i] == nullptr ? nullptr : rows[q + i] + d, dims, factors);
      }
      transpose(block);
      for (int i = 0; i < dims / 2; ++i) _mm512_storeu_si512(to + (d / 2 + i) * queries + q, block[i]);
    }
  }
}

void load_rows_bf16(int type, const void* from, const float* scales, int rows, int dim, void* to) {
  auto* elements = static_cast<std::uint16_t*>(to);
  if (type == 1) {
    __builtin_memcpy(to, from, static_cast<std::size_t>(rows) * static_cast<std::size_t>(dim) * 2);
    return;
  }
  for (int r = 0; r < rows; ++r) {
    const __m512 scale = _mm512_set1_ps(scales[r]);
    for (int d = 0; d < dim; d += 16) {
      const Floats row = load_floats(static_cast<const std::int8_t*>(from) + r * dim + d);
      const __m256bh rounded = _mm512_cvtneps_pbh(_mm512_mul_ps(scale, row.raw));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(elements + r * dim + d),
                          reinterpret_cast<__m256i>(rounded));
    }
  }
}

void pack_values_bf16(const void* rows, int keys, int dim, void* panels) {
  const auto* from = static_cast<const std::uint16_t*>(rows);
  auto* to = static_cast<std::uint32_t*>(panels);
  for (int d = 0; d < dim; d += kPanel) {
    for (int k = 0; k < keys; k += 2, to += kPanel) {
      const __m128i even = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + k * dim + d));
      const __m128i odd = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + (k + 1) * dim + d));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_unpacklo_epi16(even, odd));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 4), _mm_unpackhi_epi16(even, odd));
    }
  }
}
#endif

}  // namespace

void add_tile_kernels(Kernels& kernels) {
  kernels.f32 = {.lanes = kLanes,
                 .element_bytes = 4,
                 .pack_queries = pack_queries_f32,
                 .load_rows = load_rows_f32,
                 .pack_values = pack_values_f32,
                 .attend = attend<DotF32>,
                 .column_sums = column_sums<DotF32>,
                 .reduce_columns = reduce_columns,
                 .unpack = unpack};
#ifdef FOCUSLLM_ISA_avx512_bf16
  kernels.bf16 = {.lanes = kLanes,
                  .element_bytes = 2,
                  .pack_queries = pack_queries_bf16,
                  .load_rows = load_rows_bf16,
                  .pack_values = pack_values_bf16,
                  .attend = attend<DotBf16>,
                  .column_sums = column_sums<DotBf16>,
                  .reduce_columns = reduce_columns,
                  .unpack = unpack};
#endif
}

}  // namespace focusllm::attention::FOCUSLLM_ISA
