#pragma once

#include <cstdint>
#include <span>

#include "base/bf16.h"
#include "base/cpu.h"

namespace focusllm {

// Operations on dense f32 rows [rows, width], split over the thread pool by rows when there are enough of
// them, with the kernels of an instruction set.

/// out = x / sqrt(mean(x^2) + epsilon) * weight, per row. out may be x. Gives the first row that is not
/// finite (nor small enough to be squared), -1 if all are.
std::int64_t rms_norm(Isa isa, const float* x, const float* weight, float epsilon, std::int64_t rows,
                      std::int64_t width, float* out);
/// Whether no number is infinite or NaN.
bool all_finite(const float* x, std::int64_t count);
/// y += x
void add_rows(Isa isa, const float* x, std::int64_t rows, std::int64_t width, float* y);
/// gate_up [rows, 2*width] holds gate | up; out [rows, width] = silu(gate) * up.
void silu_gate(Isa isa, const float* gate_up, std::int64_t rows, std::int64_t width, float* out);
/// The same with GELU in its tanh form (gemma).
void gelu_gate(Isa isa, const float* gate_up, std::int64_t rows, std::int64_t width, float* out);
/// In place: x *= factor.
void scale_rows(Isa isa, float factor, std::int64_t rows, std::int64_t width, float* x);

/// ln(sum(exp(x))) of at least one number; on one thread.
double log_sum_exp(Isa isa, std::span<const float> x);
/// The first place of the largest of at least one number; on one thread.
std::int64_t place_of_largest(Isa isa, std::span<const float> x);

/// out[i] = sum of x * rows[i], for each of `count` rows of bf16 [count, width].
void dot_rows(Isa isa, const float* x, const Bf16* rows, std::int64_t count, std::int64_t width, float* out);

}  // namespace focusllm
