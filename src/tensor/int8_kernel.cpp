// Compiled once for each instruction set (focusllm_kernel).
#include "tensor/int8_kernel.h"

#include "tensor/hadamard.h"
#include "tensor/vector.h"
#ifdef __AVX512VNNI__
#include <immintrin.h>
#endif

namespace focusllm::FOCUSLLM_ISA {
namespace {

float largest(const float* x, long width) {
  Floats most[4] = {};  // independent, to hide the latency
  long i = 0;
  for (; i + 4 * kLanes <= width; i += 4 * kLanes) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) most[j] = greater(absolute(load(x + i + j * kLanes)), most[j]);
  }
  for (; i + kLanes <= width; i += kLanes) most[0] = greater(absolute(load(x + i)), most[0]);
  const Floats all = greater(greater(most[0], most[1]), greater(most[2], most[3]));
  float result = 0;
  for (int lane = 0; lane < kLanes; ++lane) result = all[lane] > result ? all[lane] : result;
  for (; i < width; ++i) result = __builtin_fabsf(x[i]) > result ? __builtin_fabsf(x[i]) : result;
  return result;
}

// Half is added and the fraction cut: the sum is positive, so this rounds.
void round_to_bytes(const float* __restrict x, long width, float factor, std::uint8_t* __restrict out) {
  for (long i = 0; i < width; ++i) {
    out[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(x[i] * factor + 128.5F));
  }
}

// Even rows of the matrix see the sums of the parts that mirror each other, odd rows the differences.
template <int kParts>
void mix_parts(float* x, long width, const float* mix) {
  constexpr int kHalf = kParts / 2;
  const long part = width / kParts;
  for (long i = 0; i < part; i += kLanes) {
    Floats sums[kHalf + 1];
    Floats differences[kHalf];
#pragma GCC unroll 4
    for (int j = 0; j < kHalf; ++j) {
      const Floats first = load(x + j * part + i);
      const Floats mirrored = load(x + (kParts - 1 - j) * part + i);
      sums[j] = first + mirrored;
      differences[j] = first - mirrored;
    }
    sums[kHalf] = load(x + kHalf * part + i);
#pragma GCC unroll 9
    for (int row = 0; row < kParts; ++row) {
      const Floats* terms = row % 2 == 0 ? sums : differences;
      Floats sum = terms[0] * mix[row * kParts];
#ifndef FOCUSLLM_SANITIZE  // checks come between the loop and its pragma, which is an error
#pragma GCC unroll 5
#endif
      for (int j = 1; j < kHalf + 1 - row % 2; ++j) sum += terms[j] * mix[row * kParts + j];
      store(sum, x + row * part + i);
    }
  }
}

void mix_parts(float* x, long width, const Rotation& rotation) {
  if (rotation.parts == 3) mix_parts<3>(x, width, rotation.mix);
  if (rotation.parts == 5) mix_parts<5>(x, width, rotation.mix);
  if (rotation.parts == 7) mix_parts<7>(x, width, rotation.mix);
  if (rotation.parts == 9) mix_parts<9>(x, width, rotation.mix);
}

float quantize(const float* x, long width, const Rotation& rotation, float* rotated, std::uint8_t* out) {
  // A block's first sum has every element in it, so that one product per block finds what is not finite.
  float poison = 0;
  for (long i = 0; i < width; ++i) rotated[i] = x[i] * rotation.signs[i];
  for (long i = 0; i < width; i += rotation.block) {
    transform_block(rotated + i, rotation.block, rotated + i);
    poison += rotated[i] * 0.0F;
  }
  mix_parts(rotated, width, rotation);
  const float most = largest(rotated, width);
  const float factor = most > 0 ? 127.0F / most : 0.0F;
  round_to_bytes(rotated, width, factor, out);
  return most / 127.0F + poison;
}

#ifdef __AVX512VNNI__

// kRows x 64 outputs in registers: 6 x 4 accumulators, 4 vectors of weights and one broadcast of activations.
constexpr long kTileRows = 6;

template <int kRows>
inline void multiply_tile(const std::uint8_t* a, long depth, const std::int8_t* b, const std::int32_t* start,
                          const float* row_scales, const float* channel_scales, float* y, long stride,
                          long columns, bool accumulate) {
  __m512i sums[kRows][4];
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) sums[r][j] = _mm512_load_si512(start + 16 * j);
  }
#pragma GCC unroll 2
  for (long k = 0; k < depth; k += 4, b += 4 * kPanelChannels) {
    __m512i weights[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) weights[j] = _mm512_load_si512(b + 64 * j);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      std::int32_t four;
      __builtin_memcpy(&four, a + r * depth + k, 4);
      const __m512i activations = _mm512_set1_epi32(four);
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) sums[r][j] = _mm512_dpbusd_epi32(sums[r][j], activations, weights[j]);
    }
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const long left = columns - 16 * j;
    if (left <= 0) break;
    const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
    const __m512 channel = _mm512_load_ps(channel_scales + 16 * j);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      float* out = y + r * stride + 16 * j;
      const __m512 scale = _mm512_mul_ps(channel, _mm512_set1_ps(row_scales[r]));
      const __m512 value = _mm512_cvtepi32_ps(sums[r][j]);
      const __m512 before = accumulate ? _mm512_maskz_loadu_ps(mask, out) : _mm512_setzero_ps();
      _mm512_mask_storeu_ps(out, mask, _mm512_fmadd_ps(value, scale, before));
    }
  }
}

void multiply(const std::uint8_t* a, long rows, long depth, const std::int8_t* b, const std::int32_t* start,
              const float* row_scales, const float* channel_scales, float* y, long stride, long columns,
              bool accumulate) {
  for (long r = 0; r < rows; r += kTileRows) {
    const auto call = [&](auto tile) {
      tile(a + r * depth, depth, b, start, row_scales + r, channel_scales, y + r * stride, stride, columns,
           accumulate);
    };
    switch (rows - r) {
      case 1:
        call(multiply_tile<1>);
        break;
      case 2:
        call(multiply_tile<2>);
        break;
      case 3:
        call(multiply_tile<3>);
        break;
      case 4:
        call(multiply_tile<4>);
        break;
      case 5:
        call(multiply_tile<5>);
        break;
      default:
        call(multiply_tile<6>);
        break;
    }
  }
}

#else

// Exact everywhere, and not meant to be fast: without VNNI an f32 product is the faster choice
// (product_type.cpp).
void multiply(const std::uint8_t* a, long rows, long depth, const std::int8_t* b, const std::int32_t* start,
              const float* row_scales, const float* channel_scales, float* y, long stride, long columns,
              bool accumulate) {
  for (long r = 0; r < rows; ++r) {
    std::int32_t sums[kPanelChannels];
    for (long c = 0; c < kPanelChannels; ++c) sums[c] = start[c];
    for (long k = 0; k < depth; k += 4) {
      const std::uint8_t* four = a + r * depth + k;
      const std::int8_t* weights = b + k * kPanelChannels;
      for (long c = 0; c < kPanelChannels; ++c) {
        sums[c] += four[0] * weights[4 * c] + four[1] * weights[4 * c + 1] + four[2] * weights[4 * c + 2] +
                   four[3] * weights[4 * c + 3];
      }
    }
    for (long c = 0; c < columns; ++c) {
      const float value = static_cast<float>(sums[c]) * (row_scales[r] * channel_scales[c]);
      y[r * stride + c] = accumulate ? y[r * stride + c] + value : value;
    }
  }
}

#endif

}  // namespace

extern const Int8Kernel int8_kernel{quantize, multiply};

}  // namespace focusllm::FOCUSLLM_ISA
