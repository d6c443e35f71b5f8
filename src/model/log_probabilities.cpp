#include "model/log_probabilities.h"

#include <algorithm>

#include "base/threads.h"
#include "tensor/row_ops.h"

namespace focusllm::model {
namespace {

constexpr std::int64_t kHeadRows = 128;  // rows of logits held at once

}  // namespace

float log_probability(const Model& model, std::span<const float> logits, std::int32_t token) {
  Model::check_logits(logits);
  return static_cast<float>(logits[static_cast<std::size_t>(token)] - log_sum_exp(model.isa(), logits));
}

std::vector<float> log_probabilities(const Model& model, std::span<const float> hidden,
                                     std::span<const std::int32_t> tokens) {
  const std::int64_t width = model.spec().width, all = std::ssize(tokens);
  const auto vocabulary = static_cast<std::size_t>(model.spec().vocabulary);
  std::vector<float> found(tokens.size());
  std::vector<float> logits(static_cast<std::size_t>(std::min(kHeadRows, all)) * vocabulary);
  for (std::int64_t first = 0; first < all; first += kHeadRows) {
    const std::int64_t rows = std::min(kHeadRows, all - first);
    model.logits(hidden.data() + first * width, rows, logits.data());
    parallel_for(rows, [&](std::int64_t i) {
      const auto row = std::span(logits).subspan(static_cast<std::size_t>(i) * vocabulary, vocabulary);
      const auto at = static_cast<std::size_t>(first + i);
      found[at] = log_probability(model, row, tokens[at]);
    });
  }
  return found;
}

}  // namespace focusllm::model
