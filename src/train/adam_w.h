#pragma once

#include <cstdint>

#include <torch/types.h>

namespace focusllm::train {

/// AdamW (arXiv 1711.05101) over one flat tensor of parameters.
class AdamW {
 public:
  struct Options {
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
  };
  AdamW(const torch::Tensor& values, const Options& options);

  /// One step: changes `values` in place.
  void step(torch::Tensor& values, const torch::Tensor& gradient, double learning_rate);

  /// Steps so far, and the moments, as a checkpoint keeps them: [count] each.
  std::int64_t steps() const { return steps_; }
  const torch::Tensor& first() const { return first_; }
  const torch::Tensor& second() const { return second_; }
  void restore(std::int64_t steps, const torch::Tensor& first, const torch::Tensor& second);

 private:
  Options options_;
  std::int64_t steps_ = 0;
  torch::Tensor first_, second_;
};

}  // namespace focusllm::train
