#pragma once

#include "tensor/linear.h"

namespace focusllm {
class Engine;
}

namespace focusllm::cli {

/// What this machine reaches with the threads in use, measured now: the limits that `bench` holds rates
/// against.
struct Peaks {
  double read_bandwidth = 0;  ///< GB/s (1e9 bytes)
  double f32 = 0;             ///< GFLOP/s of products on registers (tensor/peak.h); 0: no such instructions
  double bf16 = 0;
  double int8 = 0;

  double product(ProductType type) const;
};

/// Takes about a second.
Peaks measure_peaks(const Engine& engine);

}  // namespace focusllm::cli
