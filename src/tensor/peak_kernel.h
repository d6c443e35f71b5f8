#pragma once

#include "base/isa_namespaces.h"

namespace focusllm {

/// Chains of one instruction set's products on registers alone, so many that no latency shows. Each runs
/// `rounds` of them on the calling thread and returns the operations done (a multiply-add is two); null where
/// the set has no such instructions.
struct PeakKernel {
  double (*f32)(long rounds);
  double (*bf16)(long rounds);
  double (*int8)(long rounds);
};

FOCUSLLM_DECLARE_PER_ISA(PeakKernel, peak_kernel)

}  // namespace focusllm
