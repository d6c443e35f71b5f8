#pragma once

#include <torch/types.h>

namespace focusllm::train {

// Products of trained weights and of attention, differentiable in both factors. On the CPU in f32 they run on
// oneDNN: the system's BLAS may be the reference one, which is a hundred times slower. Elsewhere torch's own.

/// Whether it is of those that the fast forms take: f32 on the CPU.
bool is_fast(const torch::Tensor& x);
/// x [rows, inputs], weight [outputs, inputs] -> x weight^T [rows, outputs].
torch::Tensor project(const torch::Tensor& x, const torch::Tensor& weight);
/// a [batch, n, k], b [batch, m, k] -> a b^T [batch, n, m].
torch::Tensor batched_product_nt(const torch::Tensor& a, const torch::Tensor& b);
/// a [batch, n, k], b [batch, k, m] -> a b [batch, n, m].
torch::Tensor batched_product_nn(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace focusllm::train
