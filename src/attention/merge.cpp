#include <algorithm>
#include <cmath>

#include "attention/work.h"
#include "base/threads.h"

namespace focusllm::attention {
namespace {

constexpr std::int64_t kHeadsAtOnce =
    512;  // (row, head) pairs for one thread: below that a second one does not pay
constexpr float kNone = -std::numeric_limits<float>::infinity();

/// How much of what is merged each of two parts has, and the log-sum-exp of both, neither being -inf.
struct Shares {
  Shares(float from_lse, float to_lse) {
    const float top = std::max(from_lse, to_lse);
    const float a = std::exp(from_lse - top);
    const float b = std::exp(to_lse - top);
    from = a / (a + b);
    to = b / (a + b);
    lse = top + std::log(a + b);
  }
  float from, to, lse;
};

void merge_heads(const RowKernels& kernels, int dim, std::int64_t count, const float* from_out,
                 const float* from_lse, float* to_out, float* to_lse) {
  for (std::int64_t i = 0; i < count; ++i) {
    if (from_lse[i] == kNone) continue;
    if (to_lse[i] == kNone) {
      std::copy_n(from_out + i * dim, dim, to_out + i * dim);
      to_lse[i] = from_lse[i];
      continue;
    }
    const Shares shares(from_lse[i], to_lse[i]);
    kernels.blend(from_out + i * dim, shares.from, shares.to, dim, to_out + i * dim);
    to_lse[i] = shares.lse;
  }
}

}  // namespace

void merge_sums(std::size_t count, const float* from_lse, float* to_lse) {
  for (std::size_t i = 0; i < count; ++i) {
    if (from_lse[i] == kNone) continue;
    to_lse[i] = to_lse[i] == kNone ? from_lse[i] : Shares(from_lse[i], to_lse[i]).lse;
  }
}

void merge(Isa isa, const HeadShape& shape, std::int64_t rows, const float* from_out, const float* from_lse,
           float* to_out, float* to_lse) {
  const RowKernels& kernels = row_kernels_of(isa);
  const std::int64_t heads = rows * shape.heads;
  const auto some = [&](std::int64_t first, std::int64_t count) {
    const std::int64_t at = first * shape.dim;
    merge_heads(kernels, shape.dim, count, from_out + at, from_lse + first, to_out + at, to_lse + first);
  };
  const std::int64_t pieces = (heads + kHeadsAtOnce - 1) / kHeadsAtOnce;
  if (pieces <= 2) return some(0, heads);
  parallel_for(pieces, [&](std::int64_t i) {
    some(i * kHeadsAtOnce, std::min(kHeadsAtOnce, heads - i * kHeadsAtOnce));
  });
}

}  // namespace focusllm::attention
