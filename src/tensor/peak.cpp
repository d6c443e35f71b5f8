#include "tensor/peak.h"

#include <algorithm>
#include <chrono>

#include "base/threads.h"
#include "tensor/peak_kernel.h"

namespace focusllm {
namespace {

constexpr long kRounds = 100000;
constexpr int kRepetitions = 5;

using Chains = double (*)(long rounds);

Chains chains_of(const Arithmetic& arithmetic) {
  const PeakKernel& kernel = FOCUSLLM_OF_ISA(PeakKernel, arithmetic.isa, peak_kernel);
  switch (arithmetic.type) {
    case ProductType::bf16:
      return kernel.bf16;
    case ProductType::int8:
      return kernel.int8;
    case ProductType::f32:
    case ProductType::automatic:
      break;
  }
  return kernel.f32;
}

}  // namespace

double peak_rate(const Arithmetic& arithmetic) {
  const Chains run = chains_of(arithmetic);
  if (run == nullptr) return 0;
  double best = 0;
  for (int i = 0; i < kRepetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    double operations = 0;
#pragma omp parallel reduction(+ : operations)
    operations += run(kRounds);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, operations / seconds.count() / 1e9);
  }
  return best;
}

}  // namespace focusllm
