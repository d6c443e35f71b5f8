#pragma once

#include "attention/partial.h"

namespace focusllm::attention {

/// Another implementation of the two operations behind the same interface, which problems may name in place
/// of our kernels.
struct Backend {
  void (*partial)(const Problem& problem) = nullptr;
  void (*collect_columns)(const Problem& problem, Collect collect, const float* lse, float* columns,
                          std::int64_t stride) = nullptr;
};

}  // namespace focusllm::attention
