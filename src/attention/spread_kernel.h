#pragma once

#include "base/isa_namespaces.h"

namespace focusllm::attention {

/// One instruction set's: `parts` parts of `size` (16 to 256, a power of two) floats each.
struct SpreadKernel {
  void (*spread)(const float* from, long parts, long size, float* to);
  void (*gather)(const float* from, long parts, long size, float* to);
};

FOCUSLLM_DECLARE_PER_ISA(SpreadKernel, spread_kernel)

}  // namespace focusllm::attention
