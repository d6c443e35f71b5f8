#include "attention/spread.h"

#include <algorithm>

#include "attention/spread_kernel.h"

namespace focusllm::attention {
namespace {

constexpr std::int64_t kFloatsAtOnce = 32768;  // fewer are done sooner than threads start

template <typename Transform>
void for_heads(Transform transform, const float* from, std::int64_t heads, int dim, float* to) {
  const int size = std::min(dim & -dim, kMostSpread);
  const std::int64_t step = std::max<std::int64_t>(1, kFloatsAtOnce / dim);
  const std::int64_t pieces = (heads + step - 1) / step;
#pragma omp parallel for schedule(static) if (pieces > 1)
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    const std::int64_t first = piece * step;
    const std::int64_t count = std::min(step, heads - first);
    transform(from + first * dim, count * dim / size, size, to + first * dim);
  }
}

}  // namespace

void spread_heads(Isa isa, const float* from, std::int64_t heads, int dim, float* to) {
  for_heads(FOCUSLLM_OF_ISA(SpreadKernel, isa, spread_kernel).spread, from, heads, dim, to);
}

void gather_heads(Isa isa, const float* from, std::int64_t heads, int dim, float* to) {
  for_heads(FOCUSLLM_OF_ISA(SpreadKernel, isa, spread_kernel).gather, from, heads, dim, to);
}

}  // namespace focusllm::attention
