#include "tensor/unpack_block.h"

#include <cstring>

#include "tensor/dequantize_blocks.h"

namespace focusllm {
namespace {

using blocks::Byte;
using blocks::load_half;

void set_scale(float scale, float minimum, Quants& out) {
  out.scale[0] = out.scale[1] = scale;
  out.minimum[0] = out.minimum[1] = minimum;
}

void set_nibbles(const Byte* packed, Quants& out) {
  for (int i = 0; i < 16; ++i) {
    out.quants[i] = packed[i] & 15;
    out.quants[i + 16] = packed[i] >> 4;
  }
}

void set_five_bits(const Byte* high, const Byte* packed, Quants& out) {
  std::uint32_t fifth;
  std::memcpy(&fifth, high, 4);
  set_nibbles(packed, out);
  for (int i = 0; i < 32; ++i)
    out.quants[i] = static_cast<std::uint8_t>(out.quants[i] | ((fifth >> i) & 1U) << 4);
}

void set_q8_0(const Byte* block, Quants& out) {
  for (int i = 0; i < 32; ++i) out.quants[i] = block[2 + i] ^ 0x80;  // two's complement to an offset of 128
  set_scale(load_half(block), 0, out);
}

// Q4_K and Q5_K: 8 six-bit scales and minima in 12 bytes, `part` of them; d and dmin stand before.
void set_k_scale(const Byte* block, int part, Quants& out) {
  const Byte* s = block + 4;
  int scale;
  int minimum;
  if (part < 4) {
    scale = s[part] & 63;
    minimum = s[part + 4] & 63;
  } else {
    scale = (s[part + 4] & 15) | (s[part - 4] >> 6 << 4);
    minimum = (s[part + 4] >> 4) | (s[part] >> 6 << 4);
  }
  set_scale(load_half(block) * static_cast<float>(scale), -load_half(block + 2) * static_cast<float>(minimum),
            out);
}

void set_q4_k(const Byte* block, int part, Quants& out) {
  const Byte* packed = block + 16 + part / 2 * 32;
  for (int i = 0; i < 32; ++i) out.quants[i] = part % 2 == 0 ? packed[i] & 15 : packed[i] >> 4;
  set_k_scale(block, part, out);
}

void set_q5_k(const Byte* block, int part, Quants& out) {
  const Byte* high = block + 16;
  const Byte* packed = block + 48 + part / 2 * 32;
  for (int i = 0; i < 32; ++i) {
    const int low = part % 2 == 0 ? packed[i] & 15 : packed[i] >> 4;
    out.quants[i] = static_cast<std::uint8_t>(low | ((high[i] >> part) & 1) << 4);
  }
  set_k_scale(block, part, out);
}

void set_q6_k(const Byte* block, int part, Quants& out) {
  const int half = part / 4;
  const int quarter = part % 4;
  const Byte* low = block + half * 64 + quarter % 2 * 32;
  const Byte* high = block + 128 + half * 32;
  const Byte* scales = block + 192 + half * 8 + quarter * 2;
  for (int i = 0; i < 32; ++i) {
    const int nibble = quarter < 2 ? low[i] & 15 : low[i] >> 4;
    out.quants[i] = static_cast<std::uint8_t>(nibble | ((high[i] >> (2 * quarter)) & 3) << 4);
  }
  const float scale = load_half(block + 208);
  for (int i = 0; i < 2; ++i) {
    out.scale[i] = scale * static_cast<float>(static_cast<std::int8_t>(scales[i]));
    out.minimum[i] = 0;
  }
}

}  // namespace

QuantForm quant_form(BlockType type) {
  switch (type) {
    case BlockType::q4_0:
      return {.known = true, .four_bits = true, .zero_shift = 3};
    case BlockType::q4_1:
      return {.known = true, .four_bits = true, .minima = true};
    case BlockType::q5_0:
      return {.known = true, .zero_shift = 4};
    case BlockType::q5_1:
      return {.known = true, .minima = true};
    case BlockType::q8_0:
      return {.known = true, .zero_shift = 7};
    case BlockType::q4_k:
      return {.known = true, .four_bits = true, .minima = true, .wide = true};
    case BlockType::q5_k:
      return {.known = true, .minima = true, .wide = true};
    case BlockType::q6_k:
      return {.known = true, .wide = true, .halves = true, .zero_shift = 5};
    default:
      return {};
  }
}

void unpack_quants(BlockType type, const std::byte* row, std::int64_t index, Quants& out) {
  const BlockTraits traits = block_traits(type);
  const std::int64_t parts = traits.elements / 32;
  const auto* block = reinterpret_cast<const Byte*>(row) + index / parts * traits.bytes;
  const int part = static_cast<int>(index % parts);
  switch (type) {
    case BlockType::q4_0:
      set_nibbles(block + 2, out);
      return set_scale(load_half(block), 0, out);
    case BlockType::q4_1:
      set_nibbles(block + 4, out);
      return set_scale(load_half(block), load_half(block + 2), out);
    case BlockType::q5_0:
      set_five_bits(block + 2, block + 6, out);
      return set_scale(load_half(block), 0, out);
    case BlockType::q5_1:
      set_five_bits(block + 4, block + 8, out);
      return set_scale(load_half(block), load_half(block + 2), out);
    case BlockType::q8_0:
      return set_q8_0(block, out);
    case BlockType::q4_k:
      return set_q4_k(block, part, out);
    case BlockType::q5_k:
      return set_q5_k(block, part, out);
    case BlockType::q6_k:
      return set_q6_k(block, part, out);
    default:
      return;
  }
}

}  // namespace focusllm
