#include "train/row_functions.h"

#include <torch/csrc/autograd/custom_function.h>

#include "tensor/row_ops.h"
#include "train/gradient_kernel.h"
#include "train/products.h"

namespace focusllm::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Of the set whose number a graph has kept.
const GradientKernels& kernels(const c10::IValue& isa) {
  return FOCUSLLM_OF_ISA(GradientKernels, isa.toInt(), gradient_kernels);
}

class RmsNorm : public torch::autograd::Function<RmsNorm> {
 public:
  static Tensor forward(AutogradContext* context, Tensor x, const Tensor& weight, double epsilon, Isa isa) {
    x = x.contiguous();
    context->save_for_backward({x, weight});
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["isa"] = static_cast<std::int64_t>(isa);
    auto y = torch::empty_like(x);
    const std::int64_t width = x.size(-1);
    if (x.numel() == 0) return y;
    focusllm::rms_norm(isa, x.data_ptr<float>(), weight.data_ptr<float>(), static_cast<float>(epsilon),
                       x.numel() / width, width, y.data_ptr<float>());
    return y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto dy = gradients[0].contiguous();
    auto dx = torch::empty_like(saved[0]);
    const std::int64_t width = dx.size(-1);
    const std::int64_t rows = dx.numel() / width;
    const auto epsilon = static_cast<float>(context->saved_data["epsilon"].toDouble());
    const float* x = saved[0].data_ptr<float>();
    const float* weight = saved[1].data_ptr<float>();
    const float* from = dy.data_ptr<float>();
    float* to = dx.data_ptr<float>();
    const auto kernel = kernels(context->saved_data["isa"]).rms_norm;
#pragma omp parallel for schedule(static)
    for (std::int64_t row = 0; row < rows; ++row) {
      kernel(x + row * width, weight, from + row * width, epsilon, width, to + row * width);
    }
    return {dx, Tensor(), Tensor(), Tensor()};
  }
};

class Gate : public torch::autograd::Function<Gate> {
 public:
  static Tensor forward(AutogradContext* context, Tensor gate_up, bool silu, Isa isa) {
    gate_up = gate_up.contiguous();
    context->save_for_backward({gate_up});
    context->saved_data["silu"] = silu;
    context->saved_data["isa"] = static_cast<std::int64_t>(isa);
    const std::int64_t rows = gate_up.size(0);
    const std::int64_t width = gate_up.size(1) / 2;
    auto y = torch::empty({rows, width}, gate_up.options());
    (silu ? silu_gate : gelu_gate)(isa, gate_up.data_ptr<float>(), rows, width, y.data_ptr<float>());
    return y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto gate_up = context->get_saved_variables()[0];
    const auto dy = gradients[0].contiguous();
    auto dx = torch::empty_like(gate_up);
    const std::int64_t rows = dy.size(0);
    const std::int64_t width = dy.size(1);
    const GradientKernels& all = kernels(context->saved_data["isa"]);
    const auto kernel = context->saved_data["silu"].toBool() ? all.silu_gate : all.gelu_gate;
    const float* x = gate_up.data_ptr<float>();
    const float* from = dy.data_ptr<float>();
    float* to = dx.data_ptr<float>();
#pragma omp parallel for schedule(static)
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t at = row * 2 * width;
      kernel(x + at, x + at + width, from + row * width, width, to + at, to + at + width);
    }
    return {dx, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon, Isa isa) {
  if (is_fast(x)) return RmsNorm::apply(x, weight, epsilon, isa);
  return x * torch::rsqrt(x.pow(2).mean(-1, true) + epsilon) * weight;
}

Tensor gate(const Tensor& gate_up, model::Gate kind, Isa isa) {
  const bool silu = kind == model::Gate::silu;
  if (is_fast(gate_up)) return Gate::apply(gate_up, silu, isa);
  const std::int64_t width = gate_up.size(1) / 2;
  const auto x = gate_up.narrow(1, 0, width);
  return (silu ? torch::silu(x) : torch::gelu(x, "tanh")) * gate_up.narrow(1, width, width);
}

Tensor rotate_rows(const Tensor& x, const Tensor& cos, const Tensor& sin, bool paired) {
  const std::int64_t turned = 2 * cos.size(-1);
  const auto a = paired ? x.slice(-1, 0, turned, 2) : x.slice(-1, 0, turned / 2);
  const auto b = paired ? x.slice(-1, 1, turned, 2) : x.slice(-1, turned / 2, turned);
  const auto c = a * cos - b * sin;
  const auto d = a * sin + b * cos;
  const auto both = paired ? torch::stack({c, d}, -1).flatten(-2) : torch::cat({c, d}, -1);
  return turned == x.size(-1) ? both : torch::cat({both, x.slice(-1, turned)}, -1);
}

}  // namespace focusllm::train
