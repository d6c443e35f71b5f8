#include "tensor/row_ops.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>

#include "tensor/row_ops_kernel.h"

namespace focusllm {
namespace {

const RowOps& ops(Isa isa) {
  return FOCUSLLM_OF_ISA(RowOps, isa, row_ops);
}

// A fork and join costs a few microseconds: as much as some ten thousand elements of these operations.
constexpr std::int64_t kElementsWorthForking = 16384;

template <typename Body>
void for_rows(std::int64_t rows, std::int64_t width, Body body) {
#pragma omp parallel for schedule(static) if (rows > 1 && rows * width >= kElementsWorthForking)
  for (std::int64_t row = 0; row < rows; ++row) body(row);
}

}  // namespace

std::int64_t rms_norm(Isa isa, const float* x, const float* weight, float epsilon, std::int64_t rows,
                      std::int64_t width, float* out) {
  const auto kernel = ops(isa).rms_norm;
  std::atomic<std::int64_t> first = rows;
  for_rows(rows, width, [&, kernel](std::int64_t row) {
    if (kernel(x + row * width, weight, epsilon, width, out + row * width)) return;
    std::int64_t before = first.load();
    while (row < before && !first.compare_exchange_weak(before, row)) {
    }
  });
  return first < rows ? first.load() : -1;
}

bool all_finite(const float* x, std::int64_t count) {
  constexpr std::uint32_t kExponent = 0x7f800000;
  std::uint32_t bad = 0;
  for (std::int64_t i = 0; i < count; ++i)
    bad |= static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(x[i]) & kExponent) == kExponent);
  return bad == 0;
}

void add_rows(Isa isa, const float* x, std::int64_t rows, std::int64_t width, float* y) {
  const auto kernel = ops(isa).add;
  for_rows(rows, width, [=](std::int64_t row) { kernel(x + row * width, width, y + row * width); });
}

void silu_gate(Isa isa, const float* gate_up, std::int64_t rows, std::int64_t width, float* out) {
  const auto kernel = ops(isa).silu_gate;
  for_rows(rows, width, [=](std::int64_t row) {
    const float* gate = gate_up + row * 2 * width;
    kernel(gate, gate + width, width, out + row * width);
  });
}

void gelu_gate(Isa isa, const float* gate_up, std::int64_t rows, std::int64_t width, float* out) {
  const auto kernel = ops(isa).gelu_gate;
  for_rows(rows, width, [=](std::int64_t row) {
    const float* gate = gate_up + row * 2 * width;
    kernel(gate, gate + width, width, out + row * width);
  });
}

void scale_rows(Isa isa, float factor, std::int64_t rows, std::int64_t width, float* x) {
  const auto kernel = ops(isa).scale;
  for_rows(rows, width, [=](std::int64_t row) { kernel(factor, width, x + row * width); });
}

double log_sum_exp(Isa isa, std::span<const float> x) {
  const auto count = static_cast<long>(x.size());
  const float largest = ops(isa).largest(x.data(), count);
  return static_cast<double>(largest) + std::log(ops(isa).sum_exp(x.data(), count, largest));
}

std::int64_t place_of_largest(Isa isa, std::span<const float> x) {
  const float largest = ops(isa).largest(x.data(), static_cast<long>(x.size()));
  return std::ranges::find(x, largest) - x.begin();
}

void dot_rows(Isa isa, const float* x, const Bf16* rows, std::int64_t count, std::int64_t width, float* out) {
  const auto kernel = ops(isa).dot;
  for_rows(count, width, [=](std::int64_t row) {
    out[row] = kernel(x, reinterpret_cast<const std::uint16_t*>(rows + row * width), width);
  });
}

}  // namespace focusllm
