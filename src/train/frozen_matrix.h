#pragma once

#include <memory>
#include <vector>

#include <torch/types.h>

#include "tensor/block_type.h"
#include "train/backend.h"

namespace focusllm::train {

/// A stack of the model's matrices with the same input, as torch's graphs use them: gradients go through, and
/// none arrives. Fast: oneDNN with W and W^T packed once. Const; outlives the graphs that it is in.
class FrozenMatrix {
 public:
  FrozenMatrix(const std::vector<BlockMatrix>& stack, const Backend& backend);
  ~FrozenMatrix();
  FrozenMatrix(FrozenMatrix&&) noexcept;
  FrozenMatrix& operator=(FrozenMatrix&&) noexcept;

  /// x [rows, inputs] -> x W^T [rows, outputs].
  torch::Tensor apply(const torch::Tensor& x) const;

 private:
  struct Products;
  class Function;
  std::unique_ptr<const Products> products_;  ///< fast
  torch::Tensor weight_;                      ///< otherwise: [outputs, inputs], bf16 if products are
};

/// A matrix of the file, or a stack, as [outputs, inputs] f32.
torch::Tensor dequantized(const std::vector<BlockMatrix>& stack);

}  // namespace focusllm::train
