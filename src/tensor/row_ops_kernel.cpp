// Compiled once for each instruction set (focusllm_kernel).
#include "tensor/row_ops_kernel.h"

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

namespace focusllm::FOCUSLLM_ISA {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr D d;
constexpr long kLanes = static_cast<long>(hn::MaxLanes(d));

// The last, partial vector of a row goes through a zeroed buffer, so that every element takes the same
// arithmetic.
struct Tail {
  alignas(64) float lanes[kLanes] = {};
  HWY_INLINE Tail(const float* from, long count) {
    for (long i = 0; i < count; ++i) lanes[i] = from[i];
  }
  HWY_INLINE V load() const { return hn::Load(d, lanes); }
};

HWY_INLINE void store_tail(V value, long count, float* to) {
  alignas(64) float lanes[kLanes];
  hn::Store(value, d, lanes);
  for (long i = 0; i < count; ++i) to[i] = lanes[i];
}

bool rms_norm(const float* x, const float* weight, float epsilon, long width, float* out) {
  V sum0 = hn::Zero(d);
  V sum1 = hn::Zero(d);
  long i = 0;
  for (; i + 2 * kLanes <= width; i += 2 * kLanes) {
    const V a = hn::LoadU(d, x + i);
    const V b = hn::LoadU(d, x + i + kLanes);
    sum0 = hn::MulAdd(a, a, sum0);
    sum1 = hn::MulAdd(b, b, sum1);
  }
  for (; i < width; i += kLanes) {
    const long left = width - i;
    const V a = left >= kLanes ? hn::LoadU(d, x + i) : Tail(x + i, left).load();
    sum0 = hn::MulAdd(a, a, sum0);
  }
  const float squares = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  const V mean = hn::Set(d, squares / static_cast<float>(width) + epsilon);
  const V factor = hn::Div(hn::Set(d, 1.0F), hn::Sqrt(mean));
  for (i = 0; i + kLanes <= width; i += kLanes) {
    hn::StoreU(hn::Mul(hn::Mul(hn::LoadU(d, x + i), factor), hn::LoadU(d, weight + i)), d, out + i);
  }
  if (i < width) {
    const V value =
        hn::Mul(hn::Mul(Tail(x + i, width - i).load(), factor), Tail(weight + i, width - i).load());
    store_tail(value, width - i, out + i);
  }
  return squares - squares == 0;  // neither infinite nor NaN
}

void add(const float* x, long count, float* y) {
  long i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    hn::StoreU(hn::Add(hn::LoadU(d, y + i), hn::LoadU(d, x + i)), d, y + i);
  }
  for (; i < count; ++i) y[i] += x[i];
}

void scale(float factor, long count, float* x) {
  const V by = hn::Set(d, factor);
  long i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(hn::Mul(hn::LoadU(d, x + i), by), d, x + i);
  for (; i < count; ++i) x[i] *= factor;
}

HWY_INLINE V load_bf16(const std::uint16_t* from) {
  const hn::Rebind<hwy::bfloat16_t, D> half;
  return hn::PromoteTo(d, hn::LoadU(half, reinterpret_cast<const hwy::bfloat16_t*>(from)));
}

float dot(const float* x, const std::uint16_t* row, long width) {
  V sums[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  long i = 0;
  for (; i + 4 * kLanes <= width; i += 4 * kLanes) {
    for (long j = 0; j < 4; ++j) {
      const long at = i + j * kLanes;
      sums[j] = hn::MulAdd(hn::LoadU(d, x + at), load_bf16(row + at), sums[j]);
    }
  }
  for (; i + kLanes <= width; i += kLanes) {
    sums[0] = hn::MulAdd(hn::LoadU(d, x + i), load_bf16(row + i), sums[0]);
  }
  const V sum = hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < width; ++i) {
    const std::uint32_t bits = static_cast<std::uint32_t>(row[i]) << 16;
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    total += x[i] * value;
  }
  return total;
}

// x / (1 + exp(-z)). The exponent stops where exp would overflow; the quotient is then below 1e-36 |x|.
HWY_INLINE V times_sigmoid(V x, V z) {
  const V e = hn::Exp(d, hn::Min(hn::Neg(z), hn::Set(d, 87.0F)));
  return hn::Div(x, hn::Add(hn::Set(d, 1.0F), e));
}

struct Silu {
  HWY_INLINE V operator()(V x) const { return times_sigmoid(x, x); }
};

// x/2 (1 + tanh(s)) = x sigmoid(2s), s = sqrt(2/pi) (x + 0.044715 x^3); this form does not cancel where tanh
// nears -1.
struct Gelu {
  HWY_INLINE V operator()(V x) const {
    const V cubic = hn::MulAdd(hn::Mul(x, x), hn::Set(d, 0.044715F), hn::Set(d, 1.0F));
    return times_sigmoid(x, hn::Mul(hn::Mul(x, cubic), hn::Set(d, 1.5957691216F)));
  }
};

template <typename Activation>
HWY_INLINE void gate_rows(const float* gate, const float* up, long width, float* out) {
  const Activation activation;
  long i = 0;
  for (; i + kLanes <= width; i += kLanes) {
    hn::StoreU(hn::Mul(activation(hn::LoadU(d, gate + i)), hn::LoadU(d, up + i)), d, out + i);
  }
  if (i < width) {
    const V value = hn::Mul(activation(Tail(gate + i, width - i).load()), Tail(up + i, width - i).load());
    store_tail(value, width - i, out + i);
  }
}

void silu_gate(const float* gate, const float* up, long width, float* out) {
  gate_rows<Silu>(gate, up, width, out);
}
void gelu_gate(const float* gate, const float* up, long width, float* out) {
  gate_rows<Gelu>(gate, up, width, out);
}

float largest(const float* x, long count) {
  V most = hn::Set(d, x[0]);
  long i = 0;
  for (; i + kLanes <= count; i += kLanes) most = hn::Max(most, hn::LoadU(d, x + i));
  float all = hn::GetLane(hn::MaxOfLanes(d, most));
  for (; i < count; ++i) all = x[i] > all ? x[i] : all;
  return all;
}

// Far from the largest, exp is left out where floats have no number for it.
HWY_INLINE V exp_below(V x, V largest) {
  return hn::Exp(d, hn::Max(hn::Sub(x, largest), hn::Set(d, -87.0F)));
}

double sum_exp(const float* x, long count, float largest) {
  constexpr long kPart = 64 * kLanes;  // that are summed as floats
  const V most = hn::Set(d, largest);
  double sum = 0;
  for (long begin = 0; begin < count; begin += kPart) {
    const long end = begin + kPart < count ? begin + kPart : count;
    V part = hn::Zero(d);
    long i = begin;
    for (; i + kLanes <= end; i += kLanes) part = hn::Add(part, exp_below(hn::LoadU(d, x + i), most));
    sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, part)));
    if (i == end) continue;
    alignas(64) float lanes[kLanes];
    hn::Store(exp_below(Tail(x + i, end - i).load(), most), d, lanes);
    for (long lane = 0; lane < end - i; ++lane) sum += static_cast<double>(lanes[lane]);
  }
  return sum;
}

}  // namespace

constinit const RowOps row_ops{rms_norm, add, silu_gate, gelu_gate, scale, dot, largest, sum_exp};

}  // namespace focusllm::FOCUSLLM_ISA
