#include "model/attention_product.h"

#include <algorithm>
#include <vector>

namespace focusllm::model {
namespace {

/// Copies some rows side by side.
void gather(const float* x, std::int64_t width, std::span<const std::int64_t> rows,
            AlignedBuffer<float>& out) {
  out.resize(rows.size() * static_cast<std::size_t>(width));
  float* to = out.data();
  for (const std::int64_t row : rows) to = std::copy_n(x + row * width, width, to);
}

void scatter(const float* from, std::int64_t width, std::span<const std::int64_t> rows, bool accumulate,
             float* y) {
  for (const std::int64_t row : rows) {
    float* to = y + row * width;
    for (std::int64_t i = 0; i < width; ++i) to[i] = accumulate ? to[i] + from[i] : from[i];
    from += width;
  }
}

std::vector<std::int64_t> all_but(std::int64_t rows, std::span<const std::int64_t> left_out) {
  std::vector<std::int64_t> rest;
  auto next = left_out.begin();
  for (std::int64_t row = 0; row < rows; ++row) {
    if (next != left_out.end() && *next == row) {
      ++next;
    } else {
      rest.push_back(row);
    }
  }
  return rest;
}

}  // namespace

void AttentionProduct::apply(const float* x, std::int64_t rows, std::span<const std::int64_t> candidates,
                             float* y, Use use, bool accumulate) const {
  if (candidate && !candidates.empty()) return apply_apart(x, rows, candidates, y, use, accumulate);
  own.apply(x, rows, y, use, accumulate);
  if (!candidates.empty() && !delta.empty()) apply_delta(x, candidates, y, use);
}

void AttentionProduct::apply_delta(const float* x, std::span<const std::int64_t> candidates, float* y,
                                   Use use) const {
  AlignedBuffer<float> some, added;
  const auto count = static_cast<std::int64_t>(candidates.size());
  gather(x, own.inputs(), candidates, some);
  added.resize(candidates.size() * static_cast<std::size_t>(own.outputs()));
  std::fill_n(added.data(), added.size(), 0.0F);
  delta.apply(some.data(), count, added.data(), own.outputs(), use);
  scatter(added.data(), own.outputs(), candidates, true, y);
}

void AttentionProduct::apply_apart(const float* x, std::int64_t rows,
                                   std::span<const std::int64_t> candidates, float* y, Use use,
                                   bool accumulate) const {
  AlignedBuffer<float> some, result;
  const auto product = [&](const Linear& linear, std::span<const std::int64_t> which) {
    if (which.empty()) return;
    gather(x, linear.inputs(), which, some);
    result.resize(which.size() * static_cast<std::size_t>(linear.outputs()));
    linear.apply(some.data(), static_cast<std::int64_t>(which.size()), result.data(), use);
    scatter(result.data(), linear.outputs(), which, accumulate, y);
  };
  product(own, all_but(rows, candidates));
  product(*candidate, candidates);
  if (!delta.empty()) apply_delta(x, candidates, y, use);
}

}  // namespace focusllm::model
