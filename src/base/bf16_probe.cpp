#include "base/bf16_probe.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <immintrin.h>

namespace focusllm {
namespace {

constexpr int kRounds = 20000;
constexpr int kChains = 12;  // independent accumulators: enough to hide the latency of both instructions

__attribute__((target("avx512f,avx512bf16,avx512vl,avx512bw"))) float run_bf16() {
  __m512 sums[kChains] = {};
  const __m512bh a = reinterpret_cast<__m512bh>(_mm512_set1_epi32(0x3c003c00));
  for (int i = 0; i < kRounds; ++i) {
    for (auto& sum : sums) sum = _mm512_dpbf16_ps(sum, a, a);
  }
  __m512 total = sums[0];
  for (int c = 1; c < kChains; ++c) total = _mm512_add_ps(total, sums[c]);
  return _mm512_reduce_add_ps(total);
}

__attribute__((target("avx512f"))) float run_f32() {
  __m512 sums[kChains] = {};
  __m512 a = _mm512_set1_ps(0.0078F);
  for (int i = 0; i < kRounds; ++i) {
    for (auto& sum : sums) sum = _mm512_fmadd_ps(a, a, sum);
    __asm__ volatile("" : "+v"(a));
  }
  __m512 total = sums[0];
  for (int c = 1; c < kChains; ++c) total = _mm512_add_ps(total, sums[c]);
  return _mm512_reduce_add_ps(total);
}

template <typename Run>
double best_seconds(Run run) {
  double best = 1;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    volatile float sink = run();
    (void)sink;
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

}  // namespace

bool bf16_dot_outruns_f32() {
  // One bf16 dot does the work of two f32 multiply-adds.
  return best_seconds(run_bf16) < 1.6 * best_seconds(run_f32);
}

}  // namespace focusllm
