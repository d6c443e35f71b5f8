// Block types of 256 elements: small integer scales for groups of 16 or 32, times one or two floats per
// block.
#include "tensor/dequantize_blocks.h"

namespace focusllm::blocks {

// In Q2_K, Q3_K and Q6_K each half of the block has four rows of 32 elements, whose bits share bytes; a row
// has two groups of 16 with a scale each.

void q2_k(const Byte* block, float* out) {
  const auto scales = load<16>(block);
  const auto quants = load<64>(block + 16);
  const float d = load_half(block + 80);
  const float dmin = load_half(block + 82);
  for (std::size_t group = 0; group < 16; ++group) {
    const float factor = d * static_cast<float>(scales[group] & 15);
    const float minimum = dmin * static_cast<float>(scales[group] >> 4);
    const Byte* from = &quants[group / 8 * 32 + group % 2 * 16];
    const std::size_t shift = group % 8 / 2 * 2;
    for (std::size_t i = 0; i < 16; ++i) {
      out[group * 16 + i] = factor * static_cast<float>((from[i] >> shift) & 3) - minimum;
    }
  }
}

void q3_k(const Byte* block, float* out) {
  const auto high = load<32>(block);
  const auto low = load<64>(block + 32);
  const auto scales = load<12>(block + 96);
  const float d = load_half(block + 108);
  for (std::size_t group = 0; group < 16; ++group) {
    const float factor = d * static_cast<float>(q3_scale(scales.data(), group));
    const std::size_t first = group % 2 * 16;
    const Byte* from = &low[group / 8 * 32 + first];
    const std::size_t shift = group % 8 / 2 * 2;
    for (std::size_t i = 0; i < 16; ++i) {
      const int third_bit = (high[first + i] >> (group / 2)) & 1;
      out[group * 16 + i] = factor * static_cast<float>(((from[i] >> shift) & 3) + 4 * third_bit - 4);
    }
  }
}

void q4_k(const Byte* block, float* out) {
  const float d = load_half(block);
  const float dmin = load_half(block + 2);
  const auto scales = load<12>(block + 4);
  const auto quants = load<128>(block + 16);
  for (std::size_t group = 0; group < 8; ++group) {
    const auto [scale, least] = scale_min(scales.data(), group);
    const float factor = d * static_cast<float>(scale);
    const float minimum = dmin * static_cast<float>(least);
    const Byte* from = &quants[group / 2 * 32];
    const std::size_t shift = group % 2 * 4;
    for (std::size_t i = 0; i < 32; ++i) {
      out[group * 32 + i] = factor * static_cast<float>((from[i] >> shift) & 15) - minimum;
    }
  }
}

void q5_k(const Byte* block, float* out) {
  const float d = load_half(block);
  const float dmin = load_half(block + 2);
  const auto scales = load<12>(block + 4);
  const auto high = load<32>(block + 16);
  const auto low = load<128>(block + 48);
  for (std::size_t group = 0; group < 8; ++group) {
    const auto [scale, least] = scale_min(scales.data(), group);
    const float factor = d * static_cast<float>(scale);
    const float minimum = dmin * static_cast<float>(least);
    const Byte* from = &low[group / 2 * 32];
    const std::size_t shift = group % 2 * 4;
    for (std::size_t i = 0; i < 32; ++i) {
      const int quant = ((from[i] >> shift) & 15) | (((high[i] >> group) & 1) << 4);
      out[group * 32 + i] = factor * static_cast<float>(quant) - minimum;
    }
  }
}

void q6_k(const Byte* block, float* out) {
  const auto low = load<128>(block);
  const auto high = load<64>(block + 128);
  const auto scales = load<16>(block + 192);
  const float d = load_half(block + 208);
  for (std::size_t group = 0; group < 16; ++group) {
    const float factor = d * static_cast<float>(static_cast<std::int8_t>(scales[group]));
    const std::size_t half = group / 8;
    const std::size_t row = group % 8 / 2;
    const std::size_t first = group % 2 * 16;
    const Byte* from = &low[half * 64 + row % 2 * 32 + first];
    const Byte* from_high = &high[half * 32 + first];
    for (std::size_t i = 0; i < 16; ++i) {
      const int quant = ((from[i] >> (row / 2 * 4)) & 15) | (((from_high[i] >> (2 * row)) & 3) << 4);
      out[group * 16 + i] = factor * static_cast<float>(quant - 32);
    }
  }
}

void iq4_xs(const Byte* block, float* out) {
  const float d = load_half(block);
  const auto quants = load<128>(block + 8);
  for (std::size_t group = 0; group < 8; ++group) {
    const float factor = d * static_cast<float>(iq4_xs_scale(block, group));
    for (std::size_t i = 0; i < 16; ++i) {
      const Byte pair = quants[group * 16 + i];
      out[group * 32 + i] = factor * iq4_levels[pair & 15];
      out[group * 32 + 16 + i] = factor * iq4_levels[pair >> 4];
    }
  }
}

}  // namespace focusllm::blocks
