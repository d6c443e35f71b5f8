#pragma once

#include "base/isa_namespaces.h"

namespace focusllm::attention {

inline constexpr int kMostSpread = 256;  ///< dims that are spread over each other

/// One instruction set's: `parts` parts of `size` (16 to kMostSpread, a power of two) floats each.
struct SpreadKernel {
  void (*spread)(const float* from, long parts, long size, float* to);
  void (*gather)(const float* from, long parts, long size, float* to);
};

FOCUSLLM_DECLARE_PER_ISA(SpreadKernel, spread_kernel)

}  // namespace focusllm::attention
