// The fast row functions and products against torch's own, forward and backward, on every instruction set.

#include <functional>

#include <gtest/gtest.h>

#include "base/cpu.h"
#include "train/products.h"
#include "train/row_functions.h"
#include "train/schedule.h"

namespace focusllm::test {
namespace {

using torch::Tensor;
using Operation = std::function<Tensor(const std::vector<Tensor>&)>;

/// Runs `operation` on f32 and on the same numbers in double, which takes torch's form; compares results and
/// the gradients of all inputs.
void compare(const Operation& operation, const std::vector<Tensor>& inputs, double tolerance) {
  std::vector<Tensor> fast, plain;
  for (const Tensor& input : inputs) {
    fast.push_back(input.detach().clone().requires_grad_());
    plain.push_back(input.detach().to(torch::kDouble).requires_grad_());
  }
  const Tensor got = operation(fast);
  const Tensor want = operation(plain);
  const auto near = [&](const Tensor& a, const Tensor& b, const char* what) {
    ASSERT_EQ(a.sizes(), b.sizes());
    const double worst = (a.to(torch::kDouble) - b).abs().max().item<double>();
    EXPECT_TRUE(worst <= tolerance) << what << ": " << worst;
  };
  near(got, want, "result");
  const Tensor direction = torch::randn(got.sizes());
  got.backward(direction);
  want.backward(direction.to(torch::kDouble));
  for (std::size_t i = 0; i < inputs.size(); ++i) near(fast[i].grad(), plain[i].grad(), "gradient");
}

TEST(RowFunctions, EqualTorchOnEveryInstructionSet) {
  torch::manual_seed(1);
  for (const Isa isa : supported_isas()) {
    SCOPED_TRACE(isa_name(isa));
    for (const std::int64_t width : {1, 7, 16, 33, 96}) {
      const Tensor weight = torch::randn({width});
      const auto norm = [&](const std::vector<Tensor>& x) {
        return train::rms_norm(x[0], weight.to(x[0].scalar_type()), 1e-5, isa);
      };
      compare(norm, {torch::randn({5, width})}, 1e-4);
      for (const auto kind : {model::Gate::silu, model::Gate::gelu}) {
        compare([&](const std::vector<Tensor>& x) { return train::gate(x[0], kind, isa); },
                {4 * torch::randn({3, 2 * width})}, 1e-4);
      }
    }
  }
}

TEST(RowFunctions, LargeInputsStayFinite) {
  const auto x =
      torch::tensor({-1e4F, -100.0F, 100.0F, 1e4F, 1.0F, 1.0F, 1.0F, 1.0F}).view({1, 8}).requires_grad_();
  for (const auto kind : {model::Gate::silu, model::Gate::gelu}) {
    const Tensor y = train::gate(x, kind, default_isa());
    y.sum().backward();
    EXPECT_TRUE(y.isfinite().all().item<bool>());
    EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
  }
}

TEST(RowFunctions, NaNGoesThrough) {
  const auto x = torch::full({2, 32}, NAN).requires_grad_();
  const Tensor y = train::rms_norm(train::gate(x, model::Gate::silu, default_isa()), torch::ones({16}), 1e-5,
                                   default_isa());
  y.sum().backward();
  EXPECT_TRUE(y.isnan().all().item<bool>());
  EXPECT_TRUE(x.grad().isnan().all().item<bool>());
}

TEST(Products, EqualTorch) {
  torch::manual_seed(2);
  compare([](const std::vector<Tensor>& x) { return train::project(x[0], x[1]); },
          {torch::randn({13, 7}), torch::randn({5, 7})}, 1e-4);
  compare([](const std::vector<Tensor>& x) { return train::batched_product_nt(x[0], x[1].transpose(0, 1)); },
          {torch::randn({3, 4, 9}), torch::randn({5, 3, 9})}, 1e-4);
  compare([](const std::vector<Tensor>& x) { return train::batched_product_nn(x[0], x[1]); },
          {torch::randn({3, 4, 9}), torch::randn({3, 9, 1})}, 1e-4);
}

TEST(Schedule, WarmsUpAndFallsToTheEnd) {
  train::TrainerOptions options;
  options.learning_rate = 1;
  options.final_learning_rate = 0.2;
  options.warmup_steps = 4;
  options.steps = 105;
  EXPECT_DOUBLE_EQ(train::learning_rate(options, 0), 0.25);
  EXPECT_DOUBLE_EQ(train::learning_rate(options, 3), 1);
  EXPECT_DOUBLE_EQ(train::learning_rate(options, 4), 1);
  EXPECT_NEAR(train::learning_rate(options, 54), 0.6, 1e-12);
  EXPECT_NEAR(train::learning_rate(options, 104), 0.2, 1e-12);
  EXPECT_NEAR(train::learning_rate(options, 1000), 0.2, 1e-12);
  options.warmup_steps = 0;
  EXPECT_DOUBLE_EQ(train::learning_rate(options, 0), 1);
  options.steps = 1;
  EXPECT_TRUE(std::isfinite(train::learning_rate(options, 0)));
}

}  // namespace
}  // namespace focusllm::test
