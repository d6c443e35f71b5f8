#include "context/against_torch.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace focusllm::test {

std::vector<float> states_of(context::Alone& context, std::span<const std::int32_t> tokens, std::size_t piece,
                             std::size_t steps) {
  std::vector<float> all;
  const auto sink = [&](std::int64_t, std::span<const float> hidden) {
    all.insert(all.end(), hidden.begin(), hidden.end());
  };
  const std::size_t prompt = tokens.size() - steps;
  for (std::size_t i = 0; i < prompt; i += piece)
    context.read(tokens.subspan(i, std::min(piece, prompt - i)), sink);
  context.finish(sink);
  for (std::size_t i = prompt; i < tokens.size(); ++i) {
    const auto hidden = context.step(tokens[i]);
    all.insert(all.end(), hidden.begin(), hidden.end());
  }
  return all;
}

void expect_near(const std::vector<float>& got, const torch::Tensor& want, double tolerance) {
  ASSERT_EQ(static_cast<std::int64_t>(got.size()), want.numel());
  const auto flat = want.flatten().contiguous();
  const double* expected = flat.data_ptr<double>();
  double worst = 0;
  std::size_t where = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double difference = std::abs(got[i] - expected[i]);
    if (!(difference <= worst)) {
      worst = difference;
      where = i;
    }
  }
  EXPECT_TRUE(worst <= tolerance) << "at row " << where / static_cast<std::size_t>(want.size(1)) << ": got "
                                  << got[where] << ", expected " << expected[where];
}

context::Options exact_options(const std::string& method) {
  context::Options chosen;
  chosen.method = method;
  chosen.kv_type = attention::KvType::f32;
  return chosen;
}

}  // namespace focusllm::test
