#pragma once

#include <span>
#include <string>
#include <vector>

#include "context/alone.h"
#include "context/method.h"
#include "support/torch_decoder.h"

namespace focusllm::test {

/// A method's options with f32 keys and values, so that only its arithmetic can differ.
context::Options exact_options(const std::string& method);

/// Reads tokens in pieces of `piece`, then steps through the last `steps`; hidden states of all tokens.
std::vector<float> states_of(context::Alone& context, std::span<const std::int32_t> tokens, std::size_t piece,
                             std::size_t steps);

/// got and want [rows, width]; names the row where they differ most.
void expect_near(const std::vector<float>& got, const torch::Tensor& want, double tolerance);

}  // namespace focusllm::test
