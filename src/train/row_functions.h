#pragma once

#include <torch/types.h>

#include "base/cpu.h"
#include "model/spec.h"

namespace focusllm::train {

// Operations on rows between products, differentiable in the rows. f32 on the CPU takes the fused kernels of
// `isa`; every other device and type takes torch's own operations.

/// x / sqrt(mean(x^2) + epsilon) * weight over the last dimension.
torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon, Isa isa);
/// gate_up [rows, 2 width] holds gate | up -> activation(gate) * up [rows, width].
torch::Tensor gate(const torch::Tensor& gate_up, model::Gate kind, Isa isa);
/// x [rows, heads, dim] turned by cos and sin [rows, 1, n / 2], its first n elements: pairs 2i, 2i + 1 if
/// `paired`, else i, i + n / 2.
torch::Tensor rotate_rows(const torch::Tensor& x, const torch::Tensor& cos, const torch::Tensor& sin,
                          bool paired);

}  // namespace focusllm::train
