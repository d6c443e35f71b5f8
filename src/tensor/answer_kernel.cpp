// Compiled once for each instruction set (focusllm_kernel).
#include "tensor/answer_kernel.h"

#include "tensor/grouped-inl.h"
#include "tensor/vector.h"
#if defined(FOCUSLLM_ISA_amx)
#include "tensor/answer_amx-inl.h"
#endif

namespace focusllm::FOCUSLLM_ISA {
namespace {

// ---- activations

#if defined(__AVX512VNNI__)

/// To bytes; gives the sum of them.
inline std::int32_t round_half(__m512 x, __m512 factor, std::int8_t* to) {
  // The offset makes it positive, so that cutting the fraction rounds.
  const __m512i offset = _mm512_cvttps_epi32(_mm512_fmadd_ps(x, factor, _mm512_set1_ps(128.5F)));
  const __m512i quants = _mm512_sub_epi32(offset, _mm512_set1_epi32(128));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(quants));
  return _mm512_reduce_add_epi32(quants);
}

void quantize_block(const float* x, std::int8_t* quants, float& scale, float& sum, std::int32_t* totals) {
  const __m512 low = _mm512_loadu_ps(x);
  const __m512 high = _mm512_loadu_ps(x + 16);
  const __m512 zero = _mm512_setzero_ps();
  const __m512 zeros = _mm512_fmadd_ps(low, zero, _mm512_mul_ps(high, zero));  // NaN if not finite
  const __m512 sizes = _mm512_max_ps(_mm512_abs_ps(low), _mm512_abs_ps(high));
  const float largest = _mm512_reduce_max_ps(sizes);
  const __m512 factor = _mm512_set1_ps(largest > 0 ? 127.0F / largest : 0.0F);
  totals[0] = round_half(low, factor, quants);
  totals[1] = round_half(high, factor, quants + 16);
  scale = largest / 127.0F + _mm512_reduce_add_ps(zeros);
  sum = scale * static_cast<float>(totals[0] + totals[1]);
}

#else

void quantize_block(const float* x, std::int8_t* quants, float& scale, float& sum, std::int32_t* totals) {
  Floats most = {};
  Floats zeros = {};  // NaN where x is not finite
  for (int i = 0; i < 32; i += kLanes) {
    const Floats value = load(x + i);
    most = greater(absolute(value), most);
    zeros += value * 0.0F;
  }
  float largest = 0;
  for (int lane = 0; lane < kLanes; ++lane) largest = most[lane] > largest ? most[lane] : largest;
  const float factor = largest > 0 ? 127.0F / largest : 0.0F;
  totals[0] = 0;
  totals[1] = 0;
  for (int i = 0; i < 32; ++i) {
    // The offset makes it positive, so that cutting the fraction rounds; what is not finite becomes any byte.
    const auto offset = static_cast<std::uint8_t>(static_cast<std::int32_t>(x[i] * factor + 128.5F));
    const std::int32_t quant = offset - 128;
    quants[i] = static_cast<std::int8_t>(quant);
    totals[i / 16] += quant;
  }
  scale = largest / 127.0F + sum_of_lanes(zeros);
  sum = scale * static_cast<float>(totals[0] + totals[1]);
}

#endif

void quantize(const float* x, long width, std::int8_t* quants, float* scales, float* sums,
              std::int32_t* totals) {
  for (long b = 0; b < width / 32; ++b) {
    quantize_block(x + 32 * b, quants + 32 * b, scales[b], sums[b], totals + 2 * b);
  }
}

// ---- weights times activations

// Rows whose results are held in registers, as far as there are any; and where a block's parts have code of
// their own, with shifts that are known.
#if defined(__AVX512VNNI__)
constexpr int kTileRows = 4;
#define FOCUSLLM_UNROLL_PARTS _Pragma("GCC unroll 8")
#else
constexpr int kTileRows = kChannels == 8 ? 2 : 1;
#define FOCUSLLM_UNROLL_PARTS
#endif

inline std::int32_t load_four(const std::int8_t* from) {
  std::int32_t four;
  __builtin_memcpy(&four, from, 4);
  return four;
}

/// kRows rows of activations from one on, and their results so far.
template <int kRows>
struct Tile {
  const std::int8_t* quants;
  const float* scales;
  const float* sums;
  const std::int32_t* totals;
  long width;
  Values results[kRows];

  Tile(const QuantizedRows& x, long row)
      : quants(x.quants + row * x.width),
        scales(x.scales + row * (x.width / 32)),
        sums(x.sums + row * (x.width / 32)),
        totals(x.totals + row * (x.width / 16)),
        width(x.width) {
    for (Values& result : results) result = all(0);
  }
};

/// Adds the products of 32 elements, of which `b` blocks of 32 stand before them; they are part `sub` of a
/// block of the file.
template <BlockType kType, int kRows>
inline void add_part(const std::uint8_t* block, const std::uint8_t* block_scales, int sub, int channel,
                     long b, Tile<kRows>& tile) {
  constexpr GroupForm kForm = group_form(kType);
  constexpr int kParts = 32 / kForm.part;
  constexpr int kZero = kForm.zero();
  const long blocks = tile.width / 32;
  Bytes four[8];
  load_quants<kType>(block, sub, channel, four);
#pragma GCC unroll 2
  for (int part = 0; part < kParts; ++part) {
    Values scale;
    Values minimum;
    load_scale<kType>(block_scales, sub * kParts + part, channel, scale, minimum);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const std::int32_t* total = tile.totals + (r * blocks + b) * 2;
      std::int32_t zero = 0;
      if constexpr (!kForm.minima) zero = -kZero * (kParts == 2 ? total[part] : total[0] + total[1]);
      // In two chains, as each product waits for the one before it; integers add up to the same.
      Sums sums[2] = {start_at(zero), start_at(0)};
      const std::int8_t* a = tile.quants + r * tile.width + 32 * b;
#pragma GCC unroll 8
      for (int j = part * 4; j < (kParts == 2 ? part * 4 + 4 : 8); ++j) {
        sums[j % 2] = add_dot<kForm.bits <= 7>(sums[j % 2], four[j], load_four(a + 4 * j));
      }
      const Values total_sum = to_values(add(sums[0], sums[1]));
      const float x_scale = tile.scales[r * blocks + b];
      tile.results[r] = multiply_add(total_sum, multiply(scale, all(x_scale)), tile.results[r]);
      if constexpr (kForm.minima) {
        const float x_sum =
            kParts == 2 ? x_scale * static_cast<float>(total[part]) : tile.sums[r * blocks + b];
        tile.results[r] = multiply_add(minimum, all(x_sum), tile.results[r]);
      }
    }
  }
}

/// kRows rows from `row` on, kChannels channels from `channel` on, to out [kRows][16].
template <BlockType kType, int kRows>
inline void multiply_tile(const WeightGroup& weights, const QuantizedRows& x, long row, int channel,
                          float* out) {
  constexpr GroupForm kForm = group_form(kType);
  constexpr int kSubs = kForm.elements / 32;
  constexpr long kQuantBytes = kForm.quant_bytes();
  constexpr long kScaleBytes = kForm.scale_bytes();
  const std::uint8_t* quants = weights.quants;
  const std::uint8_t* scales = weights.scales;
  Tile<kRows> tile(x, row);
  GroupAhead<kType> ahead(weights, x.width);
  for (long b = 0; b < x.width / 32; b += kSubs) {
    FOCUSLLM_UNROLL_PARTS
    for (int sub = 0; sub < kSubs; ++sub) {
      if (kChannels == 16 && row == 0) ahead.ask();
      add_part<kType>(quants, scales, sub, channel, b + sub, tile);
    }
    quants += kQuantBytes;
    scales += kScaleBytes;
  }
  for (int r = 0; r < kRows; ++r) store_values(tile.results[r], out + r * kGroupChannels + channel);
}

template <BlockType kType, int kRows>
void multiply_rows(const WeightGroup& weights, const QuantizedRows& x, long row, float* y, long stride,
                   long columns, bool accumulate) {
  alignas(64) float out[kRows * kGroupChannels];
  for (int channel = 0; channel < kGroupChannels; channel += kChannels) {
    multiply_tile<kType, kRows>(weights, x, row, channel, out);
  }
  add_results(out, kRows, y + row * stride, stride, columns, accumulate);
}

// The group's weights stay in the first-level cache from one tile of rows to the next.
template <BlockType kType>
void multiply_group(const WeightGroup& weights, const QuantizedRows& x, float* y, long stride, long columns,
                    bool accumulate) {
  long row = 0;
#if defined(FOCUSLLM_ISA_amx)
  row = multiply_tiled_rows<kType>(weights, x, y, stride, columns, accumulate);
#endif
  for (; row + kTileRows <= x.rows; row += kTileRows)
    multiply_rows<kType, kTileRows>(weights, x, row, y, stride, columns, accumulate);
  if constexpr (kTileRows > 1) {
    for (; row < x.rows; ++row) multiply_rows<kType, 1>(weights, x, row, y, stride, columns, accumulate);
  }
}

void multiply(BlockType type, const WeightGroup& weights, const QuantizedRows& x, float* y, long stride,
              long columns, bool accumulate) {
  for_form(type, [&](auto tag) { multiply_group<tag.value>(weights, x, y, stride, columns, accumulate); });
}

// ---- floats

constexpr long kFloatsAhead = 4096;  // as kQuantsAhead

template <BlockType kType>
inline Floats load_weights(const std::byte* w, long i) {
  if constexpr (kType == BlockType::f32) return load(reinterpret_cast<const float*>(w) + i);
  if constexpr (kType == BlockType::f16) return load_f16(w + 2 * i);
  return load_bf16(w + 2 * i);
}

template <BlockType kType>
inline float load_weight(const std::byte* w, long i) {
  if constexpr (kType == BlockType::f32) return load_one_f32(w + 4 * i);
  if constexpr (kType == BlockType::f16) return load_one_f16(w + 2 * i);
  return load_one_bf16(w + 2 * i);
}

/// kRows rows against one channel; each row has its own four sums, so that its result is the same in every
/// tile.
template <BlockType kType, int kRows>
inline void dot_rows(const std::byte* w, const float* x, long width, float* out, long stride,
                     bool accumulate) {
  constexpr long kBytes = kType == BlockType::f32 ? 4 : 2;
  Floats sums[kRows][4] = {};
  long i = 0;
  for (; i + 4 * kLanes <= width; i += 4 * kLanes) {
    if constexpr (kRows == 1 && kLanes == 16)
      ask_for(reinterpret_cast<const std::uint8_t*>(w) + kBytes * i + kFloatsAhead, 4 * kLanes * kBytes);
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      const Floats weights = load_weights<kType>(w, i + j * kLanes);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r)
        sums[r][j] = add_product(weights, load(x + r * width + i + j * kLanes), sums[r][j]);
    }
  }
  for (; i + kLanes <= width; i += kLanes) {
    const Floats weights = load_weights<kType>(w, i);
    for (int r = 0; r < kRows; ++r) sums[r][0] = add_product(weights, load(x + r * width + i), sums[r][0]);
  }
  for (int r = 0; r < kRows; ++r) {
    float sum = sum_of_lanes((sums[r][0] + sums[r][1]) + (sums[r][2] + sums[r][3]));
    for (long k = i; k < width; ++k) sum = add_product(load_weight<kType>(w, k), x[r * width + k], sum);
    out[r * stride] = accumulate ? out[r * stride] + sum : sum;
  }
}

template <BlockType kType>
void dot_type(const std::byte* w, const float* x, long rows, long width, float* out, long stride,
              bool accumulate) {
  constexpr int kTile = kLanes == 16 ? 4 : 2;  // as many as leave registers for the weights
  long r = 0;
  for (; r + kTile <= rows; r += kTile)
    dot_rows<kType, kTile>(w, x + r * width, width, out + r * stride, stride, accumulate);
  for (; r < rows; ++r) dot_rows<kType, 1>(w, x + r * width, width, out + r * stride, stride, accumulate);
}

void dot(BlockType type, const std::byte* w, const float* x, long rows, long width, float* out, long stride,
         bool accumulate) {
  if (type == BlockType::f32) dot_type<BlockType::f32>(w, x, rows, width, out, stride, accumulate);
  if (type == BlockType::f16) dot_type<BlockType::f16>(w, x, rows, width, out, stride, accumulate);
  if (type == BlockType::bf16) dot_type<BlockType::bf16>(w, x, rows, width, out, stride, accumulate);
}

#if !defined(FOCUSLLM_ISA_amx)
void nothing_to_release() {}
#endif

}  // namespace

#if defined(FOCUSLLM_ISA_amx)
constinit const AnswerKernel answer_kernel{true, quantize, multiply, release_tiles, dot};
#else
constinit const AnswerKernel answer_kernel{false, quantize, multiply, nothing_to_release, dot};
#endif

}  // namespace focusllm::FOCUSLLM_ISA
