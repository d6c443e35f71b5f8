// Included by kernel sources only, inside no namespace: vector types and exp2 for the instruction set being
// compiled.
#pragma once

#include <hwy/highway.h>

namespace focusllm::attention::FOCUSLLM_ISA {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using Floats = hn::Vec<FloatTag>;
constexpr FloatTag kFloat;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(FloatTag()));
constexpr float kMasked = -3e38F;  // a finite score that no visible key has: differences of it are never NaN
#if HWY_TARGET <= HWY_AVX3
constexpr bool kManyRegisters = true;  // 32 vectors, not 16
#else
constexpr bool kManyRegisters = false;
#endif

using Bf16Bits = hwy::bfloat16_t;

HWY_INLINE Floats load_floats(const float* from) {
  return hn::LoadU(kFloat, from);
}
HWY_INLINE Floats load_floats(const Bf16Bits* from) {
  return hn::PromoteTo(kFloat, hn::LoadU(hn::Rebind<Bf16Bits, FloatTag>(), from));
}
HWY_INLINE Floats load_floats(const std::int8_t* from) {
  const hn::RebindToSigned<FloatTag> ints;
  return hn::ConvertTo(kFloat, hn::PromoteTo(ints, hn::LoadU(hn::Rebind<std::int8_t, FloatTag>(), from)));
}

/// 2^x for x <= 0, relative error below 2e-7, exactly 1 at 0 (a tile of hidden keys leaves all as it was); 0
/// below -126.
HWY_INLINE Floats exp2_negative(Floats x) {
#if HWY_TARGET <= HWY_AVX3
  const Floats whole{_mm512_roundscale_ps(x.raw, 0)};
#else
  const Floats clamped = hn::Max(x, hn::Set(kFloat, -126.0F));
  const Floats whole = hn::Round(clamped);
#endif
#if HWY_TARGET <= HWY_AVX3
  const Floats f = hn::Sub(x, whole);
#else
  const Floats f = hn::Sub(clamped, whole);
#endif
  Floats p = hn::Set(kFloat, 0.00132647273F);
  p = hn::MulAdd(p, f, hn::Set(kFloat, 0.00967151299F));
  p = hn::MulAdd(p, f, hn::Set(kFloat, 0.0555073358F));
  p = hn::MulAdd(p, f, hn::Set(kFloat, 0.240222424F));
  p = hn::MulAdd(p, f, hn::Set(kFloat, 0.693147004F));
  p = hn::MulAdd(p, f, hn::Set(kFloat, 1.0F));
#if HWY_TARGET <= HWY_AVX3
  return Floats{_mm512_scalef_ps(p.raw, whole.raw)};
#else
  const hn::RebindToSigned<FloatTag> ints;
  const auto scaled = hn::Add(hn::BitCast(ints, p), hn::ShiftLeft<23>(hn::ConvertTo(ints, whole)));
  return hn::IfThenElseZero(hn::Ge(x, hn::Set(kFloat, -126.0F)), hn::BitCast(kFloat, scaled));
#endif
}

}  // namespace
}  // namespace focusllm::attention::FOCUSLLM_ISA
