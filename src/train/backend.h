#pragma once

#include <torch/types.h>

#include "attention/partial.h"
#include "tensor/linear.h"

namespace focusllm::train {

/// Where and in which numbers training computes.
struct Backend {
  /// Rows without gradients and frozen products go through the engine's kernels (CPU and f32 only); otherwise
  /// everything is plain torch: the form that runs on any device, and in double for tests.
  bool fast = true;
  Isa isa = default_isa();  ///< fast: whose kernels
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat;               ///< of activations and gradients
  ProductType product = ProductType::f32;           ///< frozen products of rows with gradients: f32 or bf16
  ProductType ordinary_product = ProductType::f32;  ///< fast: products of rows without gradients
  attention::KvType kv_type =
      attention::KvType::f32;  ///< fast: keys and values of ordinary rows, f32 or bf16

  torch::TensorOptions options() const { return torch::TensorOptions().device(device).dtype(dtype); }
  /// Of the keys and values of ordinary rows.
  torch::TensorOptions kv_options() const {
    return options().dtype(fast && kv_type == attention::KvType::bf16 ? torch::kBFloat16 : dtype);
  }
};

}  // namespace focusllm::train
