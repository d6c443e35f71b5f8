#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/block_type.h"

namespace focusllm {

/// How the integer form of a block type looks: value = scale * (quant - (1 << zero_shift)) without minima,
/// scale * quant + minimum with them.
struct QuantForm {
  bool known = false;      ///< false: only the dequantised floats can be had
  bool four_bits = false;  ///< quants are below 16, else below 256
  bool minima = false;
  bool wide = false;    ///< scales and minima need f32; else they are the file's own f16
  bool halves = false;  ///< each 16 elements have their scale; else each 32
  int zero_shift = 0;
};

QuantForm quant_form(BlockType type);

/// 32 consecutive elements in that form. Scales and minima are per half; [1] repeats [0] where `halves` is
/// false.
struct Quants {
  std::uint8_t quants[32];
  float scale[2];
  float minimum[2];
};

/// Elements [32 * index, 32 * index + 32) of a row that starts at `row`; the type's form must be known.
void unpack_quants(BlockType type, const std::byte* row, std::int64_t index, Quants& out);

}  // namespace focusllm
