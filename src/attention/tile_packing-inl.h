// Included by tile_kernel.cpp only: between rows in memory and the packed form of TileKernel.
#pragma once

#include "attention/kernel.h"
#include "attention/vector_math-inl.h"

namespace focusllm::attention::FOCUSLLM_ISA {
namespace {

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

#ifdef __AVX512BF16__
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
#endif

#if defined __AMX_BF16__
/// Blocks of 16 dims x 32 keys: [dim / 16][keys / 32][16 dims][16 pairs of keys]. keys is a multiple of 32.
void pack_values_amx(const void* rows, int keys, int dim, void* panels) {
  const auto* from = static_cast<const std::uint16_t*>(rows);
  auto* to = static_cast<std::uint32_t*>(panels);
  const auto words = [&](int key, int d) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + key * dim + d)));
  };
  for (int d = 0; d < dim; d += 16) {
    for (int k = 0; k < keys; k += 32, to += 256) {
      __m512i block[16];
      for (int i = 0; i < 16; ++i) {
        const __m512i odd = _mm512_slli_epi32(words(k + 2 * i + 1, d), 16);
        block[i] = _mm512_or_si512(words(k + 2 * i, d), odd);
      }
      transpose(block);
      for (int i = 0; i < 16; ++i) _mm512_storeu_si512(to + 16 * i, block[i]);
    }
  }
}
#elif defined __AVX512BF16__
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
}  // namespace focusllm::attention::FOCUSLLM_ISA
