#include "train/products.h"

#include <torch/csrc/autograd/custom_function.h>

#include "base/threads.h"
#include "train/sgemm.h"

namespace focusllm::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;
using torch::autograd::variable_list;

/// op(a) op(b) of two contiguous matrices.
Tensor multiply(const Tensor& a, bool a_transposed, const Tensor& b, bool b_transposed) {
  const std::int64_t rows = a.size(a_transposed ? 1 : 0);
  const std::int64_t inner = a.size(a_transposed ? 0 : 1);
  const std::int64_t cols = b.size(b_transposed ? 0 : 1);
  auto c = torch::empty({rows, cols}, a.options());
  sgemm(rows, cols, inner, 1, {a.data_ptr<float>(), a.size(1), a_transposed},
        {b.data_ptr<float>(), b.size(1), b_transposed}, false, c.data_ptr<float>(), cols);
  return c;
}

class Linear : public torch::autograd::Function<Linear> {
 public:
  static Tensor forward(AutogradContext* context, Tensor x, Tensor weight) {
    x = x.contiguous();
    weight = weight.contiguous();
    context->save_for_backward({x, weight});
    return multiply(x, false, weight, true);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto dy = gradients[0].contiguous();
    return {multiply(dy, false, saved[1], false), multiply(dy, true, saved[0], false)};
  }
};

/// The same for each matrix of two batches, which share the threads.
Tensor multiply_batches(const Tensor& a, bool a_transposed, const Tensor& b, bool b_transposed) {
  const std::int64_t rows = a.size(a_transposed ? 2 : 1);
  const std::int64_t inner = a.size(a_transposed ? 1 : 2);
  const std::int64_t cols = b.size(b_transposed ? 1 : 2);
  auto c = torch::empty({a.size(0), rows, cols}, a.options());
  const float* a_data = a.data_ptr<float>();
  const float* b_data = b.data_ptr<float>();
  float* c_data = c.data_ptr<float>();
  const std::int64_t a_step = a.size(1) * a.size(2);
  const std::int64_t b_step = b.size(1) * b.size(2);
  parallel_for(a.size(0), [&](std::int64_t i) {
    sgemm(rows, cols, inner, 1, {a_data + i * a_step, a.size(2), a_transposed},
          {b_data + i * b_step, b.size(2), b_transposed}, false, c_data + i * rows * cols, cols);
  });
  return c;
}

class Batched : public torch::autograd::Function<Batched> {
 public:
  static Tensor forward(AutogradContext* context, Tensor a, Tensor b, bool transposed) {
    a = a.contiguous();
    b = b.contiguous();
    context->save_for_backward({a, b});
    context->saved_data["transposed"] = transposed;
    return multiply_batches(a, false, b, transposed);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const bool transposed = context->saved_data["transposed"].toBool();
    const auto dc = gradients[0].contiguous();
    const auto da = multiply_batches(dc, false, saved[1], !transposed);
    const auto db = transposed ? multiply_batches(dc, true, saved[0], false)
                               : multiply_batches(saved[0], true, dc, false);
    return {da, db, Tensor()};
  }
};

}  // namespace

bool is_fast(const Tensor& x) {
  return x.is_cpu() && x.scalar_type() == torch::kFloat;
}

Tensor project(const Tensor& x, const Tensor& weight) {
  return is_fast(x) ? Linear::apply(x, weight) : torch::matmul(x, weight.t());
}

Tensor batched_product_nt(const Tensor& a, const Tensor& b) {
  return is_fast(a) ? Batched::apply(a, b, true) : torch::bmm(a, b.transpose(1, 2));
}

Tensor batched_product_nn(const Tensor& a, const Tensor& b) {
  return is_fast(a) ? Batched::apply(a, b, false) : torch::bmm(a, b);
}

}  // namespace focusllm::train
