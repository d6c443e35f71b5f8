// Compiled once for each instruction set (focusllm_kernel).
#include "train/gradient_kernel.h"

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

namespace focusllm::train::FOCUSLLM_ISA {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr D d;
constexpr long kLanes = static_cast<long>(hn::MaxLanes(d));

// The last, partial vector of a row goes through a zeroed buffer.
HWY_INLINE V load(const float* from, long left) {
  if (left >= kLanes) return hn::LoadU(d, from);
  alignas(64) float lanes[kLanes] = {};
  for (long i = 0; i < left; ++i) lanes[i] = from[i];
  return hn::Load(d, lanes);
}

HWY_INLINE void store(V value, float* to, long left) {
  if (left >= kLanes) return hn::StoreU(value, d, to);
  alignas(64) float lanes[kLanes];
  hn::Store(value, d, lanes);
  for (long i = 0; i < left; ++i) to[i] = lanes[i];
}

// y = x r w with r = 1 / sqrt(mean(x^2) + epsilon): dx = r (dy w) - x r^3 mean(x dy w).
void rms_norm(const float* x, const float* weight, const float* dy, float epsilon, long width, float* dx) {
  V squares = hn::Zero(d);
  V products = hn::Zero(d);
  for (long i = 0; i < width; i += kLanes) {
    const V value = load(x + i, width - i);
    const V gradient = hn::Mul(load(dy + i, width - i), load(weight + i, width - i));
    squares = hn::MulAdd(value, value, squares);
    products = hn::MulAdd(value, gradient, products);
  }
  const float n = static_cast<float>(width);
  const float mean_square = hn::GetLane(hn::SumOfLanes(d, squares)) / n + epsilon;
  const V r = hn::Div(hn::Set(d, 1.0F), hn::Sqrt(hn::Set(d, mean_square)));
  const V along = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, products)) / n / mean_square);
  for (long i = 0; i < width; i += kLanes) {
    const V gradient = hn::Mul(load(dy + i, width - i), load(weight + i, width - i));
    store(hn::Mul(r, hn::NegMulAdd(load(x + i, width - i), along, gradient)), dx + i, width - i);
  }
}

HWY_INLINE V sigmoid(V z) {  // the exponent stops where exp would overflow
  const V e = hn::Exp(d, hn::Min(hn::Neg(z), hn::Set(d, 87.0F)));
  return hn::Div(hn::Set(d, 1.0F), hn::Add(hn::Set(d, 1.0F), e));
}

// Both activations are x sigmoid(z(x)), so their derivative is sigmoid + x sigmoid (1 - sigmoid) z'.
struct Silu {
  HWY_INLINE V inner(V x) const { return x; }
  HWY_INLINE V slope(V) const { return hn::Set(d, 1.0F); }
};
struct Gelu {
  HWY_INLINE V inner(V x) const {
    const V cubic = hn::MulAdd(hn::Mul(x, x), hn::Set(d, 0.044715F), hn::Set(d, 1.0F));
    return hn::Mul(hn::Mul(x, cubic), hn::Set(d, 1.5957691216F));
  }
  HWY_INLINE V slope(V x) const {
    const V cubic = hn::MulAdd(hn::Mul(x, x), hn::Set(d, 0.134145F), hn::Set(d, 1.0F));
    return hn::Mul(cubic, hn::Set(d, 1.5957691216F));
  }
};

template <typename Activation>
HWY_INLINE void gate_row(const float* gate, const float* up, const float* dy, long width, float* dgate,
                         float* dup) {
  const Activation activation;
  for (long i = 0; i < width; i += kLanes) {
    const long left = width - i;
    const V x = load(gate + i, left);
    const V gradient = load(dy + i, left);
    const V s = sigmoid(activation.inner(x));
    const V value = hn::Mul(x, s);
    const V rest = hn::Mul(hn::Sub(hn::Set(d, 1.0F), s), activation.slope(x));
    const V slope = hn::MulAdd(value, rest, s);
    store(hn::Mul(gradient, hn::Mul(load(up + i, left), slope)), dgate + i, left);
    store(hn::Mul(gradient, value), dup + i, left);
  }
}

void silu_gate(const float* gate, const float* up, const float* dy, long width, float* dgate, float* dup) {
  gate_row<Silu>(gate, up, dy, width, dgate, dup);
}
void gelu_gate(const float* gate, const float* up, const float* dy, long width, float* dgate, float* dup) {
  gate_row<Gelu>(gate, up, dy, width, dgate, dup);
}

void softmax(const float* dp, float lse, float mean, float scale, long first, long last, long count,
             float* scores) {
  const V minus_lse = hn::Set(d, -lse);
  const V minus_mean = hn::Set(d, -mean);
  const V factor = hn::Set(d, scale);
  for (long i = 0; i < first; ++i) scores[i] = 0;
  for (long i = first; i < last; i += kLanes) {
    const long left = last - i;
    const V p = hn::Exp(d, hn::Add(load(scores + i, left), minus_lse));
    store(hn::Mul(hn::Mul(p, factor), hn::Add(load(dp + i, left), minus_mean)), scores + i, left);
  }
  for (long i = last; i < count; ++i) scores[i] = 0;
}

}  // namespace

constinit const GradientKernels gradient_kernels{rms_norm, silu_gate, gelu_gate, softmax};

}  // namespace focusllm::train::FOCUSLLM_ISA
