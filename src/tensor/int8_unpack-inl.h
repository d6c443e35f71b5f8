// Included by int8_kernel.cpp only.
#pragma once

#include <immintrin.h>

#include "tensor/grouped-inl.h"
#include "tensor/int8_rotation-inl.h"

// Grouped weights to rotated int8, 16 channels at a time, in 16-bit integers throughout: a block's weights
// are brought to one fixed-point scale for each channel (at most 508 in size, four times as fine as int8),
// signs changed, rotated, and rounded to int8 by the largest.
//
// A sum of 64 numbers of at most 508 stays within 32512.

namespace focusllm::FOCUSLLM_ISA {
namespace {

constexpr int kFractionBits = 8;  // of the fixed point that ratios are multiplied in: 127 is 32512
constexpr int kDroppedBits = 6;   // of them, before the rotation: 127 is 508
constexpr long kBlockWords = kMostScaled / 4;

/// A block of 16 channels as 16-bit integers: word w has elements 4w and 4w + 2 of channel c in the halves of
/// lane c of even[w], and 4w + 1 and 4w + 3 in odd[w].
struct Wide {
  __m512i even[kBlockWords];
  __m512i odd[kBlockWords];
};

/// value = scale * (quant - half the quants' range) + centre.
struct Part {
  __m512 scale;
  __m512 centre;
};

template <BlockType kType>
inline Part load_part(const std::uint8_t* scales, int part) {
  constexpr GroupForm kForm = group_form(kType);
  constexpr float kHalf = 1 << (kForm.bits - 1);
  Part out;
  __m512 minimum;
  load_scale<kType>(scales, part, 0, out.scale, minimum);
  out.centre =
      kForm.minima ? _mm512_fmadd_ps(out.scale, _mm512_set1_ps(kHalf), minimum) : _mm512_setzero_ps();
  return out;
}

/// What the largest weight of some parts can be, for each channel; NaN where a scale is not finite.
inline __m512 most_of(const Part* parts, long count, float half) {
  __m512 most = _mm512_setzero_ps();
  __m512 poison = _mm512_setzero_ps();
  for (long i = 0; i < count; ++i) {
    const __m512 size =
        _mm512_fmadd_ps(_mm512_abs_ps(parts[i].scale), _mm512_set1_ps(half), _mm512_abs_ps(parts[i].centre));
    most = _mm512_max_ps(size, most);
    poison = _mm512_fmadd_ps(size, _mm512_setzero_ps(), poison);
  }
  return _mm512_add_ps(most, poison);
}

/// An integer in both 16-bit halves of its lane.
inline __m512i twice(__m512i value) {
  return _mm512_or_si512(_mm512_and_si512(value, _mm512_set1_epi32(0xffff)), _mm512_slli_epi32(value, 16));
}

/// Numbers for the two halves of a lane, with each of the four pairs of signs (bit 0: the lower one's).
struct Signed {
  __m512i with[4];
};
inline Signed with_signs(__m512i value) {
  const __m512i both = twice(value);
  const __m512i negative = _mm512_sub_epi16(_mm512_setzero_si512(), both);
  return {{both, _mm512_mask_blend_epi16(0x55555555, both, negative),
           _mm512_mask_blend_epi16(0xaaaaaaaa, both, negative), negative}};
}

inline void cross(__m512i& a, __m512i& b) {
  const __m512i sum = _mm512_adds_epi16(a, b);
  b = _mm512_subs_epi16(a, b);
  a = sum;
}

/// A part's map from quants to the fixed point: ratio * quant + centre, the half that rounds included.
struct Map {
  Signed ratios;
  Signed centres;
};
inline Map make_map(const Part& part, __m512 inverse, int bits) {
  const auto fixed = [&](__m512 value, int shift) {
    const __m512 unit = _mm512_set1_ps(static_cast<float>(1 << shift));
    return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_mul_ps(value, inverse), unit));
  };
  // 2^(8 + 15) / 2^(16 - bits): quants stand in the uppermost bits, and a product loses 15.
  Map map{with_signs(fixed(part.scale, kFractionBits - 1 + bits)),
          with_signs(fixed(part.centre, kFractionBits))};
  for (__m512i& centre : map.centres.with)
    centre = _mm512_adds_epi16(centre, _mm512_set1_epi16(1 << (kDroppedBits - 1)));
  return map;
}

/// 64 elements' quants, those in even bytes or those in odd ones, to 16 words, rotated by the stages between
/// them.
template <int kBits, int kWords, bool kOdd>
inline void widen(const Bytes* four, const Map* maps, __m512i* words) {
  const __m512i middle = _mm512_set1_epi16(static_cast<short>(0x8000));
  const __m512i upper = _mm512_set1_epi16(static_cast<short>(0xff00));
  __m512i v[16];
#pragma GCC unroll 16
  for (int j = 0; j < 16; ++j) {
    const __m512i top = kOdd ? _mm512_slli_epi16(_mm512_and_si512(four[j], upper), 8 - kBits)
                             : _mm512_slli_epi16(four[j], 16 - kBits);
    const std::uint32_t signs = kSigns[j / 8] >> (j % 8 * 4 + (kOdd ? 1 : 0));
    const std::uint32_t pair = (signs & 1) | (signs >> 1 & 2);
    const Map& map = maps[j / kWords];
    const __m512i value = _mm512_mulhrs_epi16(_mm512_xor_si512(top, middle), map.ratios.with[pair]);
    v[j] = _mm512_srai_epi16(_mm512_adds_epi16(value, map.centres.with[pair]), kDroppedBits);
  }
#pragma GCC unroll 4
  for (int stride = 1; stride < 16; stride *= 2) {
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      if ((i & stride) == 0) cross(v[i], v[i + stride]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) words[i] = v[i];
}

/// The stage between the halves of a lane.
inline __m512i cross_halves(__m512i a) {
  const __m512i swapped = _mm512_rol_epi32(a, 16);
  return _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_adds_epi16(a, swapped), _mm512_subs_epi16(swapped, a));
}

/// The last two stages of `words` words, and the largest size in each channel.
inline __m512i finish_rotation(Wide& wide, long words) {
  __m512i most = _mm512_setzero_si512();
  for (long w = 0; w < words; ++w) {
    __m512i even = wide.even[w];
    __m512i odd = wide.odd[w];
    cross(even, odd);
    even = cross_halves(even);
    odd = cross_halves(odd);
    most = _mm512_max_epu16(most, _mm512_max_epu16(_mm512_abs_epi16(even), _mm512_abs_epi16(odd)));
    wide.even[w] = even;
    wide.odd[w] = odd;
  }
  return _mm512_max_epu32(_mm512_and_si512(most, _mm512_set1_epi32(0xffff)), _mm512_srli_epi32(most, 16));
}

/// Rounds to bytes by `factor` (32768ths), in a panel's order; gives -128 times their sums.
inline __m512i narrow(const Wide& wide, long words, __m512i factor, std::int8_t* to) {
  const __m512i low_bytes = _mm512_set1_epi16(0xff);
  __m512i sums = _mm512_setzero_si512();
  for (long w = 0; w < words; ++w) {
    const __m512i even = _mm512_mulhrs_epi16(wide.even[w], factor);
    const __m512i odd = _mm512_slli_epi16(_mm512_mulhrs_epi16(wide.odd[w], factor), 8);
    const __m512i bytes = _mm512_or_si512(_mm512_and_si512(even, low_bytes), odd);
    _mm512_store_si512(to + w * 4 * kPanelChannels, bytes);
    sums = _mm512_dpbusd_epi32(sums, _mm512_set1_epi8(1), bytes);
  }
  return _mm512_slli_epi32(_mm512_sub_epi32(_mm512_setzero_si512(), sums), 7);
}

/// Elements [first, first + count) of 16 channels, filled up to `size` with zeros, into a panel's block.
template <BlockType kType>
void unpack_block(const WeightGroup& group, long first, long count, long size, std::int8_t* to,
                  std::int32_t* start, float* scales) {
  constexpr GroupForm kForm = group_form(kType);
  constexpr int kSubs = kForm.elements / 32;
  constexpr int kParts = 32 / kForm.part;
  constexpr int kWords = 8 / kParts;
  constexpr long kQuantBytes = kForm.quant_bytes();
  constexpr long kScaleBytes = kForm.scale_bytes();
  constexpr float kHalf = 1 << (kForm.bits - 1);
  Part parts[kMostScaled / kForm.part];
  const long subs = count / 32;
  for (long i = 0; i < subs; ++i) {
    const long sub = first / 32 + i;
    for (int p = 0; p < kParts; ++p) {
      parts[i * kParts + p] = load_part<kType>(group.scales + sub / kSubs * kScaleBytes,
                                               static_cast<int>(sub % kSubs) * kParts + p);
    }
  }
  const __m512 most = most_of(parts, subs * kParts, kHalf);
  const __mmask16 some = _mm512_cmp_ps_mask(most, _mm512_setzero_ps(), _CMP_GT_OQ);
  const __m512 inverse = _mm512_maskz_div_ps(some, _mm512_set1_ps(127), most);
  Wide wide;
  const long words = size / 4;
  for (long w = 0; w < words;
       w += 16) {  // 64 elements, the last of them perhaps 32 and 32 that are not there
    const long last = w + 16 <= count / 4 ? 2 : 1;
    Bytes four[16];
    Map maps[16 / kWords];
    for (long i = 0; i < last; ++i) {
      const long sub = first / 32 + w / 8 + i;
      Bytes(&eight)[8] = *reinterpret_cast<Bytes(*)[8]>(four + 8 * i);
      load_quants<kType>(group.quants + sub / kSubs * kQuantBytes, static_cast<int>(sub % kSubs), 0, eight);
      for (int p = 0; p < kParts; ++p)
        maps[i * kParts + p] = make_map(parts[(w / 8 + i) * kParts + p], inverse, kForm.bits);
    }
    for (long i = last; i < 2; ++i) {
      for (int j = 0; j < 8; ++j) four[8 * i + j] = _mm512_setzero_si512();
      for (int p = 0; p < kParts; ++p) maps[i * kParts + p] = Map{};
    }
    widen<kForm.bits, kWords, false>(four, maps, wide.even + w);
    widen<kForm.bits, kWords, true>(four, maps, wide.odd + w);
  }
  const __m512i largest_sum = finish_rotation(wide, words);
  // Below 128 the sums are whole numbers of int8 already.
  const __m512 sums = _mm512_cvtepi32_ps(_mm512_max_epi32(largest_sum, _mm512_set1_epi32(128)));
  const __m512i factor = twice(_mm512_cvtps_epi32(_mm512_div_ps(_mm512_set1_ps(127.0F * 32768.0F), sums)));
  _mm512_storeu_si512(start, narrow(wide, words, factor, to));
  // A unit of the fixed point is most / 127 / 4; two unnormalised matrices multiply by their size.
  const float unit = 1.0F / 127 / (1 << (kFractionBits - kDroppedBits)) / 127 / kDepthStep;
  _mm512_storeu_ps(scales, _mm512_mul_ps(_mm512_mul_ps(most, sums), _mm512_set1_ps(unit)));
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA
