#pragma once

#include "attention/partial.h"

namespace focusllm::attention {

/// Another implementation of the two operations behind the same interface, which problems may name in place
/// of our kernels.
struct Backend {
  void (*partial)(const Problem& problem) = nullptr;
  void (*column_sums)(const Problem& problem, const float* lse, float* sums, std::int64_t stride) = nullptr;
};

}  // namespace focusllm::attention
