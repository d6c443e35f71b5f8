// Compiled once for each instruction set (focusllm_kernel).
#include "tensor/few_rows_kernel.h"

#include "tensor/few_rows_vector.h"
#include "tensor/vector.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

// ---- activations

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

void quantize(const float* x, long width, std::int8_t* quants, float* scales, float* sums,
              std::int32_t* totals) {
  for (long b = 0; b < width / 32; ++b) {
    quantize_block(x + 32 * b, quants + 32 * b, scales[b], sums[b], totals + 2 * b);
  }
}

// ---- weights times activations

struct Form {
  bool four_bits;
  bool minima;
  bool wide;
  bool halves;
};

template <bool kWide>
struct ScaleOf {
  using Type = float;
};
template <>
struct ScaleOf<false> {
  using Type = std::uint16_t;
};

inline std::int32_t load_four(const std::int8_t* from) {
  std::int32_t four;
  __builtin_memcpy(&four, from, 4);
  return four;
}

/// kRows rows from `row` on, kChannels channels from `channel` on, to out [kRows][16].
template <Form kForm, int kRows>
inline void multiply_tile(const WeightGroup& weights, const QuantizedRows& x, long row, int channel,
                          float* out) {
  using Scale = typename ScaleOf<kForm.wide>::Type;
  constexpr int kParts = kForm.halves ? 2 : 1;
  constexpr int kPerPart = kForm.minima ? 2 : 1;
  const long blocks = x.width / 32;
  const std::uint8_t* quants = weights.quants + 4 * channel;
  const Scale* scales = static_cast<const Scale*>(weights.scales) + channel;
  const std::int8_t* activations = x.quants + row * x.width;
  const float* x_scales = x.scales + row * blocks;
  const float* x_sums = x.sums + row * blocks;
  const std::int32_t* totals = x.totals + row * blocks * 2;
  Values results[kRows];
  for (int r = 0; r < kRows; ++r) results[r] = all(0);
  for (long b = 0; b < blocks; ++b) {
    Bytes four[8];
    if constexpr (kForm.four_bits) {
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) {
        const Bytes both = load_bytes(quants + 64 * j);
        four[j] = low_nibbles(both);
        four[j + 4] = high_nibbles(both);
      }
      quants += 256;
    } else {
#pragma GCC unroll 8
      for (int j = 0; j < 8; ++j) four[j] = load_bytes(quants + 64 * j);
      quants += 512;
    }
#pragma GCC unroll 2
    for (int part = 0; part < kParts; ++part) {
      const Values scale = load_values(scales);
      const Values minimum = kForm.minima ? load_values(scales + kGroupChannels) : scale;
      scales += kPerPart * kGroupChannels;
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        std::int32_t zero = 0;
        if constexpr (!kForm.minima) {
          const std::int32_t* total = totals + (r * blocks + b) * 2;
          zero = -((kForm.halves ? total[part] : total[0] + total[1]) * (1 << weights.zero_shift));
        }
        Sums sums = start_at(zero);
        const std::int8_t* a = activations + r * x.width + 32 * b;
#pragma GCC unroll 8
        for (int j = part * 4; j < (kForm.halves ? part * 4 + 4 : 8); ++j) {
          sums = add_dot<kForm.four_bits>(sums, four[j], load_four(a + 4 * j));
        }
        const Values factor = multiply(scale, all(x_scales[r * blocks + b]));
        results[r] = multiply_add(to_values(sums), factor, results[r]);
        if constexpr (kForm.minima)
          results[r] = multiply_add(minimum, all(x_sums[r * blocks + b]), results[r]);
      }
    }
  }
  for (int r = 0; r < kRows; ++r) store_values(results[r], out + r * kGroupChannels + channel);
}

template <Form kForm, int kRows>
void multiply_rows(const WeightGroup& weights, const QuantizedRows& x, long row, float* y, long stride,
                   long columns, bool accumulate) {
  alignas(64) float out[kRows * kGroupChannels];
  for (int channel = 0; channel < kGroupChannels; channel += kChannels) {
    multiply_tile<kForm, kRows>(weights, x, row, channel, out);
  }
  for (int r = 0; r < kRows; ++r) {
    float* to = y + (row + r) * stride;
    const float* from = out + r * kGroupChannels;
    for (long c = 0; c < columns; ++c) to[c] = accumulate ? to[c] + from[c] : from[c];
  }
}

// The group's weights stay in the first-level cache from one tile of rows to the next.
template <Form kForm>
void multiply_group(const WeightGroup& weights, const QuantizedRows& x, float* y, long stride, long columns,
                    bool accumulate) {
  long row = 0;
  for (; row + 4 <= x.rows; row += 4)
    multiply_rows<kForm, 4>(weights, x, row, y, stride, columns, accumulate);
  for (; row + 2 <= x.rows; row += 2)
    multiply_rows<kForm, 2>(weights, x, row, y, stride, columns, accumulate);
  for (; row < x.rows; ++row) multiply_rows<kForm, 1>(weights, x, row, y, stride, columns, accumulate);
}

// ---- f32

float dot_one(const float* w, const float* x, long width) {
  Floats sums[4] = {};
  long i = 0;
  for (; i + 4 * kLanes <= width; i += 4 * kLanes) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) sums[j] += load(w + i + j * kLanes) * load(x + i + j * kLanes);
  }
  for (; i + kLanes <= width; i += kLanes) sums[0] += load(w + i) * load(x + i);
  float sum = sum_of_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (; i < width; ++i) sum += w[i] * x[i];
  return sum;
}

void dot(const float* w, const float* x, long rows, long width, float* out, long stride, bool accumulate) {
  for (long r = 0; r < rows; ++r) {
    const float value = dot_one(w, x + r * width, width);
    out[r * stride] = accumulate ? out[r * stride] + value : value;
  }
}

}  // namespace

extern const FewRowsKernel few_rows_kernel{
    quantize,
    multiply_group<Form{true, false, false, false}>,
    multiply_group<Form{true, true, false, false}>,
    multiply_group<Form{true, true, true, false}>,
    multiply_group<Form{false, false, false, false}>,
    multiply_group<Form{false, true, false, false}>,
    multiply_group<Form{false, true, true, false}>,
    multiply_group<Form{false, false, true, true}>,
    dot,
};

}  // namespace focusllm::FOCUSLLM_ISA
