#include "attention/kernel.h"
#include "attention/vector_math-inl.h"

// A few queries over keys where they lie in memory, compiled once for each instruction set. Dims stand in the
// lanes, so nothing is packed: every key and value is read once, and that is what bounds the speed.

namespace focusllm::attention::FOCUSLLM_ISA {
namespace {

/// Stores the sums of the lanes of four vectors side by side.
HWY_INLINE void store_sums(Floats a, Floats b, Floats c, Floats d, float* to) {
#if HWY_TARGET == HWY_SCALAR
  to[0] = hn::GetLane(a);
  to[1] = hn::GetLane(b);
  to[2] = hn::GetLane(c);
  to[3] = hn::GetLane(d);
#else
  const hn::Repartition<double, FloatTag> wide;
  const Floats ab = hn::Add(hn::InterleaveLower(kFloat, a, b), hn::InterleaveUpper(kFloat, a, b));
  const Floats cd = hn::Add(hn::InterleaveLower(kFloat, c, d), hn::InterleaveUpper(kFloat, c, d));
  const auto ab2 = hn::BitCast(wide, ab);
  const auto cd2 = hn::BitCast(wide, cd);
  const Floats low = hn::BitCast(kFloat, hn::InterleaveLower(wide, ab2, cd2));
  const Floats high = hn::BitCast(kFloat, hn::InterleaveUpper(wide, ab2, cd2));
  const Floats blocks = hn::Add(low, high);  // in each block of 128 bits: a part of the sums of a, b, c, d
  const hn::Half<FloatTag> half;
  const auto four = hn::Add(hn::LowerHalf(half, blocks), hn::UpperHalf(half, blocks));
#if HWY_TARGET <= HWY_AVX3
  const hn::Half<hn::Half<FloatTag>> quarter;
  hn::StoreU(hn::Add(hn::LowerHalf(quarter, four), hn::UpperHalf(quarter, four)), quarter, to);
#else
  hn::StoreU(four, half, to);
#endif
#endif
}

/// One key's sum in the order of four keys' sums: a key may be the last one for some rows and not for others.
HWY_INLINE float sum_as_of_four(Floats a) {
  float sums[4];
  store_sums(a, a, a, a, sums);
  return sums[0];
}

/// Asks for memory that comes next. Keys and values are two streams, and the hardware's prefetcher stops at
/// every change from one to the other: reading keys asks for the same tokens' values, reading values for the
/// next call's keys.
HWY_INLINE void prefetch(const char* from, int bytes) {
  for (int b = 0; b < bytes; b += 64) __builtin_prefetch(from + b, 0, 3);
}

/// scores[q][k] of kCount keys (4, or 1 at the end) and kQueries queries.
template <int kCount, int kQueries, class Element>
HWY_INLINE void score_keys(const Element* keys, const float* queries, int dim, float* scores) {
  Floats sums[kQueries][kCount];
  for (int q = 0; q < kQueries; ++q) {
    for (int k = 0; k < kCount; ++k) sums[q][k] = hn::Zero(kFloat);
  }
  for (int d = 0; d < dim; d += kLanes) {
    Floats key[kCount];
    for (int k = 0; k < kCount; ++k) key[k] = load_floats(keys + k * dim + d);
    for (int q = 0; q < kQueries; ++q) {
      const Floats query = hn::LoadU(kFloat, queries + q * dim + d);
      for (int k = 0; k < kCount; ++k) sums[q][k] = hn::MulAdd(query, key[k], sums[q][k]);
    }
  }
  for (int q = 0; q < kQueries; ++q) {
    float* to = scores + q * kRowKeys;
    if constexpr (kCount == 4) {
      store_sums(sums[q][0], sums[q][1], sums[q][2], sums[q][3], to);
    } else {
      to[0] = sum_as_of_four(sums[q][0]);
    }
  }
}

/// Scales and masks one query's scores, turns them into weights and returns what its sums so far are
/// multiplied by.
HWY_INLINE float weigh(const RowCall& call, int q, float* scores) {
  constexpr int kStep = kLanes;
  const int padded = (call.keys + kStep - 1) / kStep * kStep;
  const int first = call.first == nullptr ? 0 : call.first[q];
  const int last = call.last == nullptr ? call.keys : call.last[q];
  if (call.key_scales != nullptr) {
    for (int k = 0; k < call.keys; ++k) scores[k] *= call.key_scales[k];
  }
  for (int k = 0; k < first; ++k) scores[k] = kMasked;
  for (int k = last; k < padded; ++k) scores[k] = kMasked;
  Floats tops = hn::Set(kFloat, call.top[q]);
  for (int k = 0; k < padded; k += kStep) tops = hn::Max(tops, hn::LoadU(kFloat, scores + k));
  const float top = hn::GetLane(hn::MaxOfLanes(kFloat, tops));
  const float keep = hn::GetLane(exp2_negative(hn::Set(kFloat, call.top[q] - top)));
  Floats total = hn::Zero(kFloat);
  for (int k = 0; k < padded; k += kStep) {
    const Floats weight = exp2_negative(hn::Sub(hn::LoadU(kFloat, scores + k), hn::Set(kFloat, top)));
    total = hn::Add(total, weight);
    hn::StoreU(weight, kFloat, scores + k);
  }
  if (call.value_scales != nullptr) {
    for (int k = 0; k < call.keys; ++k) scores[k] *= call.value_scales[k];
  }
  call.top[q] = top;
  call.total[q] = call.total[q] * keep + hn::GetLane(hn::SumOfLanes(kFloat, total));
  return keep;
}

/// out[q] = out[q] * keep[q] + weights[q] * values over kCount vectors of dims. Asks for as much from `next`
/// on.
template <int kQueries, int kCount, class Element>
HWY_INLINE void add_values(const Element* values, const float* weights, int keys, int dim, const float* keep,
                           float* out, const char* next) {
  constexpr int kBytes = kCount * kLanes * static_cast<int>(sizeof(Element));
  Floats sums[kQueries][kCount];
  for (int q = 0; q < kQueries; ++q) {
    for (int v = 0; v < kCount; ++v) {
      sums[q][v] = hn::Mul(hn::Set(kFloat, keep[q]), hn::LoadU(kFloat, out + q * dim + v * kLanes));
    }
  }
  for (int k = 0; k < keys; ++k) {
    prefetch(next + k * kBytes, kBytes);
    Floats value[kCount];
    for (int v = 0; v < kCount; ++v) value[v] = load_floats(values + k * dim + v * kLanes);
    for (int q = 0; q < kQueries; ++q) {
      const Floats weight = hn::Set(kFloat, weights[q * kRowKeys + k]);
      for (int v = 0; v < kCount; ++v) sums[q][v] = hn::MulAdd(weight, value[v], sums[q][v]);
    }
  }
  for (int q = 0; q < kQueries; ++q) {
    for (int v = 0; v < kCount; ++v) hn::StoreU(sums[q][v], kFloat, out + q * dim + v * kLanes);
  }
}

/// Arithmetic in f32 on keys of any type.
template <class KeyElement>
struct RowsF32 {
  using Element = KeyElement;
  using Query = float;
  template <int kCount, int kQueries>
  HWY_INLINE static void score(const Element* keys, const Query* queries, int dim, float* scores) {
    score_keys<kCount, kQueries>(keys, queries, dim, scores);
  }
  static constexpr int kStep =
      kManyRegisters ? 4 : 2;  // vectors of dims at a time: kQueries * kStep accumulators
  template <int kQueries>
  HWY_INLINE static void add(const Element* values, float* weights, int keys, int dim, const float* keep,
                             float* out, const char* next) {
    int d = 0;
    for (; d + kStep * kLanes <= dim; d += kStep * kLanes) {
      const char* ahead = next + d * keys * static_cast<int>(sizeof(Element));
      add_values<kQueries, kStep>(values + d, weights, keys, dim, keep, out + d, ahead);
    }
    for (; d < dim; d += kLanes) {
      const char* ahead = next + d * keys * static_cast<int>(sizeof(Element));
      add_values<kQueries, 1>(values + d, weights, keys, dim, keep, out + d, ahead);
    }
  }
};

#ifdef __AVX512BF16__
/// Bf16 dot products on bf16 keys: a pair of dims for scores, a pair of keys for values.
struct RowsBf16 {
  using Element = std::uint16_t;
  using Query = std::uint16_t;

  HWY_INLINE static void add_dot(Floats& sum, __m512i a, __m512i b) {
    sum = Floats{_mm512_dpbf16_ps(sum.raw, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b))};
  }

  template <int kCount, int kQueries>
  HWY_INLINE static void score(const Element* keys, const Query* queries, int dim, float* scores) {
    Floats sums[kQueries][kCount];
    for (int q = 0; q < kQueries; ++q) {
      for (int k = 0; k < kCount; ++k) sums[q][k] = hn::Zero(kFloat);
    }
    for (int d = 0; d < dim; d += 32) {
      // The last half vector: what stands above it in a register is undefined, so it is masked to 0.
      const __mmask32 used = dim - d >= 32 ? 0xffffffffU : 0xffffU;
      __m512i key[kCount];
      for (int k = 0; k < kCount; ++k) key[k] = _mm512_maskz_loadu_epi16(used, keys + k * dim + d);
      for (int q = 0; q < kQueries; ++q) {
        const __m512i query = _mm512_maskz_loadu_epi16(used, queries + q * dim + d);
        for (int k = 0; k < kCount; ++k) add_dot(sums[q][k], query, key[k]);
      }
    }
    for (int q = 0; q < kQueries; ++q) {
      float* to = scores + q * kRowKeys;
      if constexpr (kCount == 4) {
        store_sums(sums[q][0], sums[q][1], sums[q][2], sums[q][3], to);
      } else {
        to[0] = sum_as_of_four(sums[q][0]);
      }
    }
  }

  /// In place: f32 weights to pairs of bf16, one of each query's neighbouring keys; padding weighs 0.
  template <int kQueries>
  HWY_INLINE static void round_weights(float* weights, int keys) {
    for (int q = 0; q < kQueries; ++q) {
      for (int k = 0; k < keys; k += 16) {
        const __m256bh pairs = _mm512_cvtneps_pbh(_mm512_loadu_ps(weights + q * kRowKeys + k));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(weights + q * kRowKeys + k / 2),
                            reinterpret_cast<__m256i>(pairs));
      }
    }
  }

  /// 32 dims. Interleaving two keys in blocks of 128 bits leaves sums of dims 0-3, 8-11, 16-19, 24-27 and of
  /// the others: they are put in order only where sums are loaded and stored.
  template <int kQueries>
  HWY_INLINE static void add_dims(const Element* values, const float* weights, int keys, int dim, int dims,
                                  const float* keep, float* out, const char* next) {
    const __m512i low = _mm512_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    const __m512i high = _mm512_setr_epi32(4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    const __m512i second = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    const __mmask32 used = dims == 32 ? 0xffffffffU : 0xffffU;
    const __mmask16 upper = dims == 32 ? 0xffffU : 0;
    Floats sums[kQueries][2];
    for (int q = 0; q < kQueries; ++q) {
      const __m512 a = _mm512_loadu_ps(out + q * dim);
      const __m512 b = _mm512_maskz_loadu_ps(upper, out + q * dim + 16);
      const __m512 factor = _mm512_set1_ps(keep[q]);
      sums[q][0] = Floats{_mm512_mul_ps(factor, _mm512_permutex2var_ps(a, low, b))};
      sums[q][1] = Floats{_mm512_mul_ps(factor, _mm512_permutex2var_ps(a, high, b))};
    }
    for (int k = 0; k < keys; k += 2) {
      prefetch(next + k * dims * 2, dims * 4);
      const __m512i even = _mm512_maskz_loadu_epi16(used, values + k * dim);
      const __m512i odd = _mm512_maskz_loadu_epi16(used, values + (k + 1 < keys ? k + 1 : k) * dim);
      const __m512i pairs_low = _mm512_unpacklo_epi16(even, odd);
      const __m512i pairs_high = _mm512_unpackhi_epi16(even, odd);
      for (int q = 0; q < kQueries; ++q) {
        const __m512i weight = _mm512_castps_si512(_mm512_set1_ps(weights[q * kRowKeys + k / 2]));
        add_dot(sums[q][0], weight, pairs_low);
        add_dot(sums[q][1], weight, pairs_high);
      }
    }
    for (int q = 0; q < kQueries; ++q) {
      _mm512_storeu_ps(out + q * dim, _mm512_permutex2var_ps(sums[q][0].raw, first, sums[q][1].raw));
      _mm512_mask_storeu_ps(out + q * dim + 16, upper,
                            _mm512_permutex2var_ps(sums[q][0].raw, second, sums[q][1].raw));
    }
  }

  template <int kQueries>
  HWY_INLINE static void add(const Element* values, float* weights, int keys, int dim, const float* keep,
                             float* out, const char* next) {
    round_weights<kQueries>(weights, keys);
    int d = 0;
    for (; d + 32 <= dim; d += 32) {
      add_dims<kQueries>(values + d, weights, keys, dim, 32, keep, out + d, next + d * keys * 2);
    }
    if (d < dim) add_dims<kQueries>(values + d, weights, keys, dim, 16, keep, out + d, next + d * keys * 2);
  }
};
#endif

template <int kQueries, class Rows>
HWY_INLINE void attend_queries(const RowCall& call, int from) {
  using Element = typename Rows::Element;
  const int bytes = call.dim * static_cast<int>(sizeof(Element));
  const auto* keys = static_cast<const Element*>(call.key_rows);
  const auto* values = static_cast<const Element*>(call.value_rows);
  const auto* queries = static_cast<const typename Rows::Query*>(call.query_rows) + from * call.dim;
  float* scores = call.scores + from * kRowKeys;
  int k = 0;
  for (; k + 4 <= call.keys; k += 4) {
    prefetch(reinterpret_cast<const char*>(values + k * call.dim), 4 * bytes);
    Rows::template score<4, kQueries>(keys + k * call.dim, queries, call.dim, scores + k);
  }
  for (; k < call.keys; ++k) {
    Rows::template score<1, kQueries>(keys + k * call.dim, queries, call.dim, scores + k);
  }
  float keep[kQueries];
  for (int q = 0; q < kQueries; ++q) keep[q] = weigh(call, from + q, scores + q * kRowKeys);
  Rows::template add<kQueries>(values, scores, call.keys, call.dim, keep, call.out + from * call.dim,
                               reinterpret_cast<const char*>(keys + call.keys * call.dim));
}

/// As few passes over the keys, of at most 4 queries, as there can be, and even ones.
template <class Rows>
void attend_typed(const RowCall& call) {
  for (int q = 0; q < call.queries;) {
    const int left = call.queries - q;
    const int passes = (left + 3) / 4;
    const int now = (left + passes - 1) / passes;
    if (now == 4) attend_queries<4, Rows>(call, q);
    if (now == 3) attend_queries<3, Rows>(call, q);
    if (now == 2) attend_queries<2, Rows>(call, q);
    if (now == 1) attend_queries<1, Rows>(call, q);
    q += now;
  }
}

#ifdef __AVX512BF16__
void attend_rows_bf16(const RowCall& call) {
  if (call.queries == 6) return attend_queries<6, RowsBf16>(call, 0);
  if (call.queries == 5) return attend_queries<5, RowsBf16>(call, 0);
  attend_typed<RowsBf16>(call);
}
#endif

void attend_rows(const RowCall& call) {
  if (call.type == 0) return attend_typed<RowsF32<float>>(call);
  if (call.type == 1) return attend_typed<RowsF32<Bf16Bits>>(call);
  attend_typed<RowsF32<std::int8_t>>(call);
}

void blend(const float* from, float a, float b, std::int64_t n, float* to) {
  for (std::int64_t i = 0; i < n; i += kLanes) {  // n is a multiple of 16
    const Floats kept = hn::Mul(hn::Set(kFloat, b), hn::LoadU(kFloat, to + i));
    hn::StoreU(hn::MulAdd(hn::Set(kFloat, a), hn::LoadU(kFloat, from + i), kept), kFloat, to + i);
  }
}

}  // namespace

constinit const RowKernels row_kernels{.attend = attend_rows,
#ifdef __AVX512BF16__
                                       .attend_bf16 = attend_rows_bf16,
#endif
                                       .blend = blend};

}  // namespace focusllm::attention::FOCUSLLM_ISA
