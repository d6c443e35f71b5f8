#include "tensor/row_ops.h"

#include <cstdint>

#include "base/cpu.h"
#include "tensor/row_ops_kernel.h"

namespace focusllm {
namespace {

const RowOps& ops() {
  return *FOCUSLLM_ACTIVE(row_ops);
}

// A fork and join costs a few microseconds: as much as some ten thousand elements of these operations.
constexpr std::int64_t kElementsWorthForking = 16384;

template <typename Body>
void for_rows(std::int64_t rows, std::int64_t width, Body body) {
#pragma omp parallel for schedule(static) if (rows > 1 && rows * width >= kElementsWorthForking)
  for (std::int64_t row = 0; row < rows; ++row) body(row);
}

}  // namespace

void rms_norm(const float* x, const float* weight, float epsilon, std::int64_t rows, std::int64_t width,
              float* out) {
  const auto kernel = ops().rms_norm;
  for_rows(rows, width,
           [=](std::int64_t row) { kernel(x + row * width, weight, epsilon, width, out + row * width); });
}

void add_rows(const float* x, std::int64_t rows, std::int64_t width, float* y) {
  const auto kernel = ops().add;
  for_rows(rows, width, [=](std::int64_t row) { kernel(x + row * width, width, y + row * width); });
}

void silu_gate(const float* gate_up, std::int64_t rows, std::int64_t width, float* out) {
  const auto kernel = ops().silu_gate;
  for_rows(rows, width, [=](std::int64_t row) {
    const float* gate = gate_up + row * 2 * width;
    kernel(gate, gate + width, width, out + row * width);
  });
}

void gelu_gate(const float* gate_up, std::int64_t rows, std::int64_t width, float* out) {
  const auto kernel = ops().gelu_gate;
  for_rows(rows, width, [=](std::int64_t row) {
    const float* gate = gate_up + row * 2 * width;
    kernel(gate, gate + width, width, out + row * width);
  });
}

void scale_rows(float factor, std::int64_t rows, std::int64_t width, float* x) {
  const auto kernel = ops().scale;
  for_rows(rows, width, [=](std::int64_t row) { kernel(factor, width, x + row * width); });
}

void dot_rows(const float* x, const Bf16* rows, std::int64_t count, std::int64_t width, float* out) {
  const auto kernel = ops().dot;
  for_rows(count, width, [=](std::int64_t row) {
    out[row] = kernel(x, reinterpret_cast<const std::uint16_t*>(rows + row * width), width);
  });
}

}  // namespace focusllm
