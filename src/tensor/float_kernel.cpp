// Compiled once for each instruction set (focusllm_kernel).
#include "tensor/float_kernel.h"

#include "base/inner_loop.h"
#include "tensor/group_floats-inl.h"
#include "tensor/vector.h"
#if defined __AMX_BF16__
#include "tensor/bf16_amx-inl.h"
#elif defined __AVX512BF16__
#include "tensor/bf16_dot-inl.h"
#endif

namespace focusllm::FOCUSLLM_ISA {
namespace {

// ---- unpacking

constexpr long kTransposed = 16;  // elements of all channels that are written together, in the nearest cache

template <typename Load>
void transpose(const PanelSource& source, float* panel, Load load_one) {
  for (long first = 0; first < source.depth; first += kTransposed) {
    const long end = first + kTransposed < source.depth ? first + kTransposed : source.depth;
    for (long c = 0; c < source.channels; ++c) {
      const std::byte* row = source.rows + c * source.row_bytes;
      for (long k = first; k < end; ++k) panel[k * kPanelChannels + c] = load_one(row, source.first + k);
    }
  }
}

template <BlockType kType>
void unpack_groups(const PanelSource& source, float* panel) {
  for (long k = 0; k < source.depth; k += 32) {
    for (long c = 0; c < source.channels; c += kGroupChannels) {
      unpack_part<kType>(source.groups[c / kGroupChannels], source.first + k, panel + k * kPanelChannels + c,
                         kPanelChannels);
    }
  }
}

void unpack_f32(const PanelSource& source, float* panel) {
  if (source.channels < kPanelChannels)
    __builtin_memset(panel, 0, static_cast<std::size_t>(source.depth * kPanelChannels) * sizeof(float));
  switch (source.type) {
    case BlockType::f32:
      return transpose(source, panel, [](const std::byte* row, long i) { return load_one_f32(row + 4 * i); });
    case BlockType::f16:
      return transpose(source, panel, [](const std::byte* row, long i) { return load_one_f16(row + 2 * i); });
    case BlockType::bf16:
      return transpose(source, panel,
                       [](const std::byte* row, long i) { return load_one_bf16(row + 2 * i); });
    default:
      for_form(source.type, [&](auto tag) { unpack_groups<tag.value>(source, panel); });
  }
}

/// To nearest even, as to_bf16(); NaN stays NaN.
inline std::uint32_t rounded(float value) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &value, 4);
  const std::uint32_t up = (bits + 0x7fffU + (bits >> 16 & 1U)) >> 16;
  return (bits & 0x7fffffffU) > 0x7f800000U ? (bits >> 16 | 0x40U) : up;
}

void narrow(const float* floats, long depth, std::uint32_t* pairs) {
  for (long k = 0; k < depth; k += 2) {
    const float* first = floats + k * kPanelChannels;
    for (long c = 0; c < kPanelChannels; ++c)
      pairs[k / 2 * kPanelChannels + c] = rounded(first[c]) | rounded(first[kPanelChannels + c]) << 16;
  }
}

/// BF16 files: pairs of a row are words that only have to be moved.
void transpose_pairs(const PanelSource& source, std::uint32_t* pairs) {
  for (long first = 0; first < source.depth; first += 2 * kTransposed) {
    const long end = first + 2 * kTransposed < source.depth ? first + 2 * kTransposed : source.depth;
    for (long c = 0; c < source.channels; ++c) {
      const std::byte* row = source.rows + c * source.row_bytes + 2 * source.first;
      for (long k = first; k < end; k += 2) {
        std::uint32_t pair = 0;
        __builtin_memcpy(&pair, row + 2 * k, k + 1 < source.depth ? 4 : 2);
        pairs[k / 2 * kPanelChannels + c] = pair;
      }
    }
  }
}

void unpack_bf16(const PanelSource& source, Bf16* panel) {
  const long depth = (source.depth + kBf16Step - 1) / kBf16Step * kBf16Step;
  auto* pairs = reinterpret_cast<std::uint32_t*>(panel);
  if (source.depth < depth || source.channels < kPanelChannels)
    __builtin_memset(pairs, 0, static_cast<std::size_t>(depth * kPanelChannels) * sizeof(Bf16));
  if (source.type == BlockType::bf16) return transpose_pairs(source, pairs);
  alignas(64) float floats[kBf16Step * kPanelChannels];
  for (long k = 0; k < source.depth; k += kBf16Step) {
    PanelSource part = source;
    part.first += k;
    part.depth = source.depth - k < kBf16Step ? source.depth - k : kBf16Step;
    if (part.depth < kBf16Step) __builtin_memset(floats, 0, sizeof floats);
    unpack_f32(part, floats);
    narrow(floats, kBf16Step, pairs + k / 2 * kPanelChannels);
  }
}

// ---- f32

// kRows x kVectors results in registers, as many as leave some for the weights and an activation.
constexpr int kFloatRows = kLanes == 4 ? 4 : 6;
constexpr int kFloatVectors = kLanes == 16 ? 4 : 2;

template <int kRows>
struct FloatSums {
  Floats of[kRows][kFloatVectors];
};

template <int kRows>
FOCUSLLM_INNER_LOOP FloatSums<kRows> sum_floats(const float* x, long width, const float* panel, long depth) {
  FloatSums<kRows> sums = {};
  for (long k = 0; k < depth; ++k, panel += kPanelChannels) {
    Floats weights[kFloatVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kFloatVectors; ++j) weights[j] = load(panel + j * kLanes);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      const Floats activation = x[r * width + k] - Floats{};
#pragma GCC unroll 4
      for (int j = 0; j < kFloatVectors; ++j)
        sums.of[r][j] = add_product(activation, weights[j], sums.of[r][j]);
    }
  }
  return sums;
}

template <int kRows>
inline void multiply_floats(const float* x, long width, const float* panel, long depth, float* y, long stride,
                            long columns, bool accumulate) {
  const FloatSums<kRows> sums = sum_floats<kRows>(x, width, panel, depth);
  for (int r = 0; r < kRows; ++r) {
    float results[kFloatVectors * kLanes];
    for (int j = 0; j < kFloatVectors; ++j) store(sums.of[r][j], results + j * kLanes);
    float* to = y + r * stride;
    for (long c = 0; c < columns && c < kFloatVectors * kLanes; ++c)
      to[c] = accumulate ? to[c] + results[c] : results[c];
  }
}

void multiply_f32(const float* x, long width, long rows, const float* panel, long depth, float* y,
                  long stride, long columns, bool accumulate) {
  for (long c = 0; c < columns; c += kFloatVectors * kLanes) {
    long r = 0;
    for (; r + kFloatRows <= rows; r += kFloatRows) {
      multiply_floats<kFloatRows>(x + r * width, width, panel + c, depth, y + r * stride + c, stride,
                                  columns - c, accumulate);
    }
    for (; r < rows; ++r)
      multiply_floats<1>(x + r * width, width, panel + c, depth, y + r * stride + c, stride, columns - c,
                         accumulate);
  }
}

#if !defined __AVX512BF16__
constexpr decltype(FloatKernel::multiply_bf16) multiply_bf16 = nullptr;
constexpr long kBf16Rows = 1;
constexpr long kRowsTogether = 1;
#endif

}  // namespace

constinit const FloatKernel float_kernel{kFloatRows,   kBf16Rows,   kRowsTogether, unpack_f32,
                                         multiply_f32, unpack_bf16, multiply_bf16};

}  // namespace focusllm::FOCUSLLM_ISA
