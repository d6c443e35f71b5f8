#pragma once

#include "base/isa_namespaces.h"

namespace focusllm::train {

/// One instruction set's row functions with their gradients: single-threaded, f32.
struct GradientKernels {
  /// Of rms_norm: dx = the gradient by x, given dy. [width] each.
  void (*rms_norm)(const float* x, const float* weight, const float* dy, float epsilon, long width,
                   float* dx);
  /// Of silu(gate) * up, and of gelu(gate) * up with GELU in its tanh form.
  void (*silu_gate)(const float* gate, const float* up, const float* dy, long width, float* dgate,
                    float* dup);
  void (*gelu_gate)(const float* gate, const float* up, const float* dy, long width, float* dgate,
                    float* dup);
  /// Of softmax over the visible keys [first, last) of `count`: scores = scale * exp(scores - lse) * (dp -
  /// mean), 0 where not visible. `mean` is that of dp under the probabilities.
  void (*softmax)(const float* dp, float lse, float mean, float scale, long first, long last, long count,
                  float* scores);
};

FOCUSLLM_DECLARE_PER_ISA(GradientKernels, gradient_kernels)

}  // namespace focusllm::train
