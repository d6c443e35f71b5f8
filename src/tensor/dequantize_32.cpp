// Block types of 32 elements: one scale, perhaps a minimum, then the quants: byte i holds elements i and i
// + 16.
#include "tensor/dequantize_blocks.h"

namespace focusllm::blocks {
namespace {

/// For each byte value, its bits spread over 8 bytes, as 0 or 16 (the fifth bit of a quant).
constexpr std::array<std::array<Byte, 8>, 256> make_fifth_bits() {
  std::array<std::array<Byte, 8>, 256> table{};
  for (unsigned value = 0; value < 256; ++value) {
    for (unsigned bit = 0; bit < 8; ++bit) table[value][bit] = static_cast<Byte>(((value >> bit) & 1U) << 4U);
  }
  return table;
}
constexpr auto fifth_bits = make_fifth_bits();

std::array<Byte, 32> load_nibbles(const Byte* source) {
  const auto packed = load<16>(source);
  std::array<Byte, 32> quants;
  for (std::size_t i = 0; i < 16; ++i) quants[i] = packed[i] & 15;
  for (std::size_t i = 0; i < 16; ++i) quants[i + 16] = packed[i] >> 4;
  return quants;
}

/// `high` has 4 bytes with the fifth bits of the 32 quants, `low` their nibbles.
std::array<Byte, 32> load_five_bits(const Byte* high, const Byte* low) {
  std::array<Byte, 32> fifth;
  for (std::size_t i = 0; i < 4; ++i) std::memcpy(&fifth[8 * i], fifth_bits[high[i]].data(), 8);
  std::array<Byte, 32> quants = load_nibbles(low);
  for (std::size_t i = 0; i < 32; ++i) quants[i] = static_cast<Byte>(quants[i] | fifth[i]);
  return quants;
}

void scale(float factor, const std::array<Byte, 32>& quants, int zero, float* out) {
  for (std::size_t i = 0; i < 32; ++i) out[i] = factor * static_cast<float>(quants[i] - zero);
}

void scale_and_add(float factor, const std::array<Byte, 32>& quants, float minimum, float* out) {
  for (std::size_t i = 0; i < 32; ++i) out[i] = factor * static_cast<float>(quants[i]) + minimum;
}

}  // namespace

void q4_0(const Byte* block, float* out) {
  scale(load_half(block), load_nibbles(block + 2), 8, out);
}

void q4_1(const Byte* block, float* out) {
  scale_and_add(load_half(block), load_nibbles(block + 4), load_half(block + 2), out);
}

void q5_0(const Byte* block, float* out) {
  scale(load_half(block), load_five_bits(block + 2, block + 6), 16, out);
}

void q5_1(const Byte* block, float* out) {
  scale_and_add(load_half(block), load_five_bits(block + 4, block + 8), load_half(block + 2), out);
}

void q8_0(const Byte* block, float* out) {
  const float factor = load_half(block);
  const auto quants = load<32>(block + 2);
  for (std::size_t i = 0; i < 32; ++i)
    out[i] = factor * static_cast<float>(static_cast<std::int8_t>(quants[i]));
}

void iq4_nl(const Byte* block, float* out) {
  const float factor = load_half(block);
  const auto quants = load_nibbles(block + 2);
  for (std::size_t i = 0; i < 32; ++i) out[i] = factor * iq4_levels[quants[i]];
}

}  // namespace focusllm::blocks
