#include <cstring>

#include "base/bf16.h"
#include "base/error.h"
#include "tensor/block_type.h"
#include "tensor/dequantize_blocks.h"

namespace focusllm {
namespace {

using Decoder = void (*)(const blocks::Byte*, float*);

void decode_halves(const blocks::Byte* source, std::int64_t count, float* __restrict out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = half_to_float(blocks::load_u16(source + 2 * i));
}

void decode_bf16(const blocks::Byte* source, std::int64_t count, float* __restrict out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = to_float(Bf16{blocks::load_u16(source + 2 * i)});
}

Decoder block_decoder(BlockType type) {
  switch (type) {
    case BlockType::q4_0:
      return blocks::q4_0;
    case BlockType::q4_1:
      return blocks::q4_1;
    case BlockType::q5_0:
      return blocks::q5_0;
    case BlockType::q5_1:
      return blocks::q5_1;
    case BlockType::q8_0:
      return blocks::q8_0;
    case BlockType::q2_k:
      return blocks::q2_k;
    case BlockType::q3_k:
      return blocks::q3_k;
    case BlockType::q4_k:
      return blocks::q4_k;
    case BlockType::q5_k:
      return blocks::q5_k;
    case BlockType::q6_k:
      return blocks::q6_k;
    case BlockType::iq4_nl:
      return blocks::iq4_nl;
    case BlockType::iq4_xs:
      return blocks::iq4_xs;
    case BlockType::f32:
    case BlockType::f16:
    case BlockType::bf16:
      break;
  }
  fail("block type {} has no block decoder", block_traits(type).name);
}

}  // namespace

void dequantize(BlockType type, const std::byte* source, std::int64_t count, float* out) {
  const BlockTraits traits = block_traits(type);
  if (count < 0 || count % traits.elements != 0) {
    fail("{} values are not whole {} blocks of {}", count, traits.name, traits.elements);
  }
  if (count == 0) return;
  const auto* bytes = reinterpret_cast<const blocks::Byte*>(source);
  if (type == BlockType::f32) {
    std::memcpy(out, bytes, static_cast<std::size_t>(count) * sizeof(float));
    return;
  }
  if (type == BlockType::f16) return decode_halves(bytes, count, out);
  if (type == BlockType::bf16) return decode_bf16(bytes, count, out);
  const Decoder decode = block_decoder(type);
  for (std::int64_t i = 0; i < count / traits.elements; ++i)
    decode(bytes + i * traits.bytes, out + i * traits.elements);
}

}  // namespace focusllm
