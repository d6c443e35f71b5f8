#include "train/frozen_matrix.h"

#include <torch/csrc/autograd/custom_function.h>

#include "tensor/stack.h"
#include "train/float_rows.h"
#include "train/products.h"

namespace focusllm::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

BlockMatrix as_matrix(const Tensor& weight) {
  return {BlockType::f32, reinterpret_cast<const std::byte*>(weight.data_ptr<float>()), weight.size(0),
          weight.size(1)};
}

}  // namespace

Tensor dequantized(const std::vector<BlockMatrix>& stack) {
  auto weight = torch::empty({stack_rows(stack), stack.front().cols}, torch::kFloat);
  float* data = weight.data_ptr<float>();
  const std::int64_t rows = weight.size(0);
  const std::int64_t cols = weight.size(1);
#pragma omp parallel for schedule(static)
  for (std::int64_t row = 0; row < rows; ++row) dequantize_row(stack, row, data + row * cols);
  return weight;
}

struct FrozenMatrix::Products {
  std::int64_t inputs = 0, outputs = 0;
  std::unique_ptr<const FloatRows> forward;   ///< x W^T
  std::unique_ptr<const FloatRows> backward;  ///< y W

  static Tensor multiply(const FloatRows& product, const Tensor& x, std::int64_t outputs) {
    const auto dense = x.contiguous();
    auto y = torch::empty({dense.size(0), outputs}, dense.options());
    product.apply(dense.data_ptr<float>(), dense.size(0), y.data_ptr<float>(), false);
    return y;
  }
};

class FrozenMatrix::Function : public torch::autograd::Function<FrozenMatrix::Function> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Products* products) {
    context->saved_data["products"] = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(products));
    return Products::multiply(*products->forward, x, products->outputs);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto* products = reinterpret_cast<const Products*>(
        static_cast<std::intptr_t>(context->saved_data["products"].toInt()));
    return {Products::multiply(*products->backward, gradients[0], products->inputs), Tensor()};
  }
};

FrozenMatrix::FrozenMatrix(const std::vector<BlockMatrix>& stack, const Backend& backend) {
  const auto weight = dequantized(stack);
  if (!backend.fast) {
    weight_ = weight.to(backend.options())
                  .to(backend.product == ProductType::bf16 ? torch::kBFloat16 : backend.dtype);
    return;
  }
  auto products = std::make_unique<Products>();
  products->inputs = weight.size(1);
  products->outputs = weight.size(0);
  const auto transposed = weight.t().contiguous();
  products->forward = make_float_rows(std::vector{as_matrix(weight)}, backend.product);
  products->backward = make_float_rows(std::vector{as_matrix(transposed)}, backend.product);
  products_ = std::move(products);
}

FrozenMatrix::~FrozenMatrix() = default;
FrozenMatrix::FrozenMatrix(FrozenMatrix&&) noexcept = default;
FrozenMatrix& FrozenMatrix::operator=(FrozenMatrix&&) noexcept = default;

Tensor FrozenMatrix::apply(const Tensor& x) const {
  if (products_) return Function::apply(x, products_.get());
  return torch::matmul(x.to(weight_.scalar_type()), weight_.t()).to(x.scalar_type());
}

}  // namespace focusllm::train
