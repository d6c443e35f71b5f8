// Compiled once for each instruction set (focusllm_kernel).
#include "attention/spread_kernel.h"

#include "tensor/hadamard.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

using attention::kMostSpread;

/// 1 and -1, by fixed random bits.
struct Signs {
  alignas(64) float values[kMostSpread];
};
constexpr Signs make_signs(bool all_positive) {
  constexpr unsigned kBits[kMostSpread / 32] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  Signs signs{};
  for (long i = 0; i < kMostSpread; ++i)
    signs.values[i] = !all_positive && (kBits[i / 32] >> (i % 32) & 1) != 0 ? -1.0F : 1.0F;
  return signs;
}
constexpr Signs kSigns = make_signs(false);
constexpr Signs kNone = make_signs(true);

/// to = after * H (before * from), H unnormalised.
template <long kSize>
void transform(const float* from, long parts, const float* before, const float* after, float* to) {
  constexpr float kNorm = kSize == 16    ? 0.25F
                          : kSize == 64  ? 0.125F
                          : kSize == 256 ? 0.0625F
                          : kSize == 32  ? 0.17677669529663687F
                                         : 0.088388347648318447F;
  for (long part = 0; part < parts; ++part, from += kSize, to += kSize) {
    transform_block<kSize>(from, before, to);
    for (long i = 0; i < kSize; i += kLanes) store(load(to + i) * load(after + i) * kNorm, to + i);
  }
}

void any_size(const float* from, long parts, long size, const float* before, const float* after, float* to) {
  switch (size) {
    case 16:
      return transform<16>(from, parts, before, after, to);
    case 32:
      return transform<32>(from, parts, before, after, to);
    case 64:
      return transform<64>(from, parts, before, after, to);
    case 128:
      return transform<128>(from, parts, before, after, to);
    default:
      return transform<256>(from, parts, before, after, to);
  }
}

void spread(const float* from, long parts, long size, float* to) {
  any_size(from, parts, size, kSigns.values, kNone.values, to);
}
void gather(const float* from, long parts, long size, float* to) {
  any_size(from, parts, size, kNone.values, kSigns.values, to);
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA

namespace focusllm::attention::FOCUSLLM_ISA {

constinit const SpreadKernel spread_kernel{focusllm::FOCUSLLM_ISA::spread, focusllm::FOCUSLLM_ISA::gather};

}  // namespace focusllm::attention::FOCUSLLM_ISA
