#include "train/adam_w.h"

#include <cmath>

namespace focusllm::train {

AdamW::AdamW(const torch::Tensor& values, const Options& options)
    : options_(options), first_(torch::zeros_like(values)), second_(torch::zeros_like(values)) {}

void AdamW::step(torch::Tensor& values, const torch::Tensor& gradient, double learning_rate) {
  const torch::NoGradGuard no_gradients;
  ++steps_;
  const auto steps = static_cast<double>(steps_);
  first_.mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
  second_.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
  const double first_bias = 1 - std::pow(options_.beta1, steps);
  const double second_bias = 1 - std::pow(options_.beta2, steps);
  values.mul_(1 - learning_rate * options_.weight_decay);
  const auto size = (second_ / second_bias).sqrt_().add_(options_.epsilon);
  values.addcdiv_(first_, size, -learning_rate / first_bias);
}

void AdamW::restore(std::int64_t steps, const torch::Tensor& first, const torch::Tensor& second) {
  steps_ = steps;
  first_.copy_(first);
  second_.copy_(second);
}

}  // namespace focusllm::train
