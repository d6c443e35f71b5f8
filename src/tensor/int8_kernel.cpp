// Compiled once for each instruction set (focusllm_kernel).
#include "tensor/int8_kernel.h"

#include "tensor/hadamard.h"
#include "tensor/vector.h"
#if defined __AMX_INT8__
#include "tensor/int8_amx-inl.h"
#elif defined __AVX512VNNI__
#include "tensor/int8_vnni-inl.h"
#else
#include "tensor/int8_plain-inl.h"
#endif

namespace focusllm::FOCUSLLM_ISA {
namespace {

float largest(const float* x, long width) {
  Floats most[4] = {};  // independent, to hide the latency
  long i = 0;
  for (; i + 4 * kLanes <= width; i += 4 * kLanes) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) most[j] = greater(absolute(load(x + i + j * kLanes)), most[j]);
  }
  for (; i + kLanes <= width; i += kLanes) most[0] = greater(absolute(load(x + i)), most[0]);
  const Floats all = greater(greater(most[0], most[1]), greater(most[2], most[3]));
  float result = 0;
  for (int lane = 0; lane < kLanes; ++lane) result = all[lane] > result ? all[lane] : result;
  for (; i < width; ++i) result = __builtin_fabsf(x[i]) > result ? __builtin_fabsf(x[i]) : result;
  return result;
}

// Half is added and the fraction cut: the sum is positive, so this rounds.
void round_to_bytes(const float* __restrict x, long width, float factor, std::uint8_t* __restrict out) {
  for (long i = 0; i < width; ++i) {
    out[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(x[i] * factor + 128.5F));
  }
}

// Even rows of the matrix see the sums of the parts that mirror each other, odd rows the differences.
template <int kParts>
void mix_parts(float* x, long width, const float* mix) {
  constexpr int kHalf = kParts / 2;
  const long part = width / kParts;
  for (long i = 0; i < part; i += kLanes) {
    Floats sums[kHalf + 1];
    Floats differences[kHalf];
#pragma GCC unroll 4
    for (int j = 0; j < kHalf; ++j) {
      const Floats first = load(x + j * part + i);
      const Floats mirrored = load(x + (kParts - 1 - j) * part + i);
      sums[j] = first + mirrored;
      differences[j] = first - mirrored;
    }
    sums[kHalf] = load(x + kHalf * part + i);
#pragma GCC unroll 9
    for (int row = 0; row < kParts; ++row) {
      const Floats* terms = row % 2 == 0 ? sums : differences;
      Floats sum = terms[0] * mix[row * kParts];
#ifndef FOCUSLLM_SANITIZE  // checks come between the loop and its pragma, which is an error
#pragma GCC unroll 5
#endif
      for (int j = 1; j < kHalf + 1 - row % 2; ++j) sum += terms[j] * mix[row * kParts + j];
      store(sum, x + row * part + i);
    }
  }
}

void mix_parts(float* x, long width, const Rotation& rotation) {
  if (rotation.parts == 3) mix_parts<3>(x, width, rotation.mix);
  if (rotation.parts == 5) mix_parts<5>(x, width, rotation.mix);
  if (rotation.parts == 7) mix_parts<7>(x, width, rotation.mix);
  if (rotation.parts == 9) mix_parts<9>(x, width, rotation.mix);
}

float quantize(const float* x, long width, const Rotation& rotation, float* rotated, std::uint8_t* out) {
  // A block's first sum has every element in it, so that one product per block finds what is not finite.
  float poison = 0;
  for (long i = 0; i < width; ++i) rotated[i] = x[i] * rotation.signs[i];
  for (long i = 0; i < width; i += rotation.block) {
    transform_block(rotated + i, rotation.block, rotated + i);
    poison += rotated[i] * 0.0F;
  }
  mix_parts(rotated, width, rotation);
  const float most = largest(rotated, width);
  const float factor = most > 0 ? 127.0F / most : 0.0F;
  round_to_bytes(rotated, width, factor, out);
  return most / 127.0F + poison;
}

}  // namespace

extern const Int8Kernel int8_kernel{quantize, multiply};

}  // namespace focusllm::FOCUSLLM_ISA
