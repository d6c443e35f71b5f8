#include "context/cost.h"

#include <algorithm>

namespace focusllm::context {

double causal_pairs(std::int64_t tokens, std::int64_t most) {
  const auto growing = static_cast<double>(std::min(tokens, most));
  const auto constant = static_cast<double>(std::max<std::int64_t>(0, tokens - most));
  return growing * (growing + 1) / 2 + constant * static_cast<double>(most);
}

std::int64_t most_keys(const model::Spec& spec, int layer, std::int64_t most) {
  const std::int64_t window = spec.window(layer);
  return window > 0 ? std::min(most, window) : most;
}

Reading causal_reading(const model::Spec& spec, int layer, std::int64_t tokens, std::int64_t most) {
  return {static_cast<double>(tokens), causal_pairs(tokens, most_keys(spec, layer, most))};
}

Answering causal_answering(const model::Spec& spec, int layer, std::int64_t depth, std::int64_t most) {
  return {.keys = static_cast<double>(std::min(depth, most_keys(spec, layer, most)))};
}

}  // namespace focusllm::context
