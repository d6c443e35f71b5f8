#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/bf16.h"
#include "base/error.h"
#include "tensor/block_type.h"
#include "tensor/half.h"

namespace focusllm {
namespace {

constexpr std::int64_t block_size = 32;
constexpr float largest_half = 65504.0F;

void store_half(float value, std::byte* out) {
  const std::uint16_t half = float_to_half(value);
  std::memcpy(out, &half, sizeof half);
}

/// The scale as it is stored must be finite: otherwise every value of the block would be lost.
void check_range(const float* block, float scale, std::string_view type) {
  const bool finite = std::all_of(block, block + block_size, [](float x) { return std::isfinite(x); });
  if (!finite || !(std::abs(scale) <= largest_half)) {
    fail("cannot store a block as {}: a value is not finite or too large", type);
  }
}

float inverse(float scale) {
  return scale == 0.0F ? 0.0F : 1.0F / scale;
}

/// To the nearest integer, halves away from zero.
std::int8_t nearest(float value) {
  return static_cast<std::int8_t>(std::clamp(std::round(value), -127.0F, 127.0F));
}

std::uint8_t nibble(float value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 15.0F));
}

void quantize_q8_0(const float* block, std::byte* out) {
  float largest = 0;
  for (std::int64_t i = 0; i < block_size; ++i) largest = std::max(largest, std::abs(block[i]));
  const float scale = largest / 127.0F;
  check_range(block, scale, "Q8_0");
  const float factor = inverse(scale);
  store_half(scale, out);
  for (std::int64_t i = 0; i < block_size; ++i)
    out[2 + i] = static_cast<std::byte>(nearest(block[i] * factor));
}

/// Packs floor((x - zero) * factor + offset), clamped to 0..15: byte i takes elements i and i + 16.
void pack_nibbles(const float* block, float zero, float factor, float offset, std::byte* out) {
  for (std::int64_t i = 0; i < 16; ++i) {
    const std::uint8_t low = nibble((block[i] - zero) * factor + offset);
    const std::uint8_t high = nibble((block[i + 16] - zero) * factor + offset);
    out[i] = static_cast<std::byte>(low | (high << 4));
  }
}

void quantize_q4_0(const float* block, std::byte* out) {
  const float* largest =
      std::max_element(block, block + block_size, [](float a, float b) { return std::abs(a) < std::abs(b); });
  const float scale = *largest / -8.0F;
  check_range(block, scale, "Q4_0");
  store_half(scale, out);
  pack_nibbles(block, 0.0F, inverse(scale), 8.5F, out + 2);
}

void quantize_q4_1(const float* block, std::byte* out) {
  const auto [least, most] = std::minmax_element(block, block + block_size);
  const float scale = (*most - *least) / 15.0F;
  check_range(block, std::max(scale, std::abs(*least)), "Q4_1");
  store_half(scale, out);
  store_half(*least, out + 2);
  pack_nibbles(block, *least, inverse(scale), 0.5F, out + 4);
}

void encode_halves(const float* source, std::int64_t count, std::byte* out) {
  for (std::int64_t i = 0; i < count; ++i) store_half(source[i], out + 2 * i);
}

void encode_bf16(const float* source, std::int64_t count, std::byte* out) {
  for (std::int64_t i = 0; i < count; ++i) {
    const Bf16 value = to_bf16(source[i]);
    std::memcpy(out + 2 * i, &value.bits, sizeof value.bits);
  }
}

using Encoder = void (*)(const float*, std::byte*);

Encoder block_encoder(BlockType type) {
  if (type == BlockType::q8_0) return quantize_q8_0;
  if (type == BlockType::q4_0) return quantize_q4_0;
  if (type == BlockType::q4_1) return quantize_q4_1;
  fail("writing {} is not supported (F32, F16, BF16, Q8_0, Q4_0 and Q4_1 are)", block_traits(type).name);
}

}  // namespace

void quantize(BlockType type, const float* source, std::int64_t count, std::byte* out) {
  const BlockTraits traits = block_traits(type);
  if (count < 0 || count % traits.elements != 0) {
    fail("{} values are not whole {} blocks of {}", count, traits.name, traits.elements);
  }
  if (count == 0) return;
  if (type == BlockType::f32) {
    std::memcpy(out, source, static_cast<std::size_t>(count) * sizeof(float));
    return;
  }
  if (type == BlockType::f16) return encode_halves(source, count, out);
  if (type == BlockType::bf16) return encode_bf16(source, count, out);
  const Encoder encode = block_encoder(type);
  for (std::int64_t i = 0; i < count / traits.elements; ++i)
    encode(source + i * traits.elements, out + i * traits.bytes);
}

}  // namespace focusllm
