// Compiled once for each instruction set (focusllm_kernel).
#include "tensor/peak_kernel.h"

#include "tensor/vector.h"
#ifdef __AMX_TILE__
#include "base/amx-inl.h"
#endif

namespace focusllm::FOCUSLLM_ISA {
namespace {

constexpr int kChains = 12;  // independent sums, to hide the latency

/// Runs step(sum, factor) on all chains; the compiler may neither drop nor merge them.
template <typename Vector, typename Step>
double run_chains(long rounds, Vector factor, double operations, Step step) {
  Vector sums[kChains] = {};
  for (auto& sum : sums) __asm__ volatile("" : "+v"(sum));  // else equal chains are computed once
  for (long i = 0; i < rounds; ++i) {
#ifndef FOCUSLLM_SANITIZE  // checks come between the loop and its pragma, which is an error
#pragma GCC unroll 12
#endif
    for (auto& sum : sums) sum = step(sum, factor);
    __asm__ volatile("" : "+v"(factor));
  }
  for (auto& sum : sums) __asm__ volatile("" : : "v"(sum));
  return operations * kChains * static_cast<double>(rounds);
}

double run_f32(long rounds) {
  const Floats factor = Floats{} + 0.5F;
  return run_chains(rounds, factor, 2.0 * kLanes, [](Floats sum, Floats f) { return sum * f + f; });
}

#if defined __AMX_TILE__
double run_bf16(long rounds) {
  const tiles::Tiles shaped(tiles::kWholeTiles);
  for (long i = 0; i < rounds; ++i) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  return 4 * 2.0 * 16 * 16 * 32 * static_cast<double>(rounds);
}

double run_int8(long rounds) {
  const tiles::Tiles shaped(tiles::kWholeTiles);
  for (long i = 0; i < rounds; ++i) {
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  return 4 * 2.0 * 16 * 16 * 64 * static_cast<double>(rounds);
}
#else
#if defined __AVX512BF16__
double run_bf16(long rounds) {
  return run_chains(rounds, _mm512_set1_epi32(0x3c003c00), 64, [](__m512i sum, __m512i f) {
    const auto pairs = reinterpret_cast<__m512bh>(f);
    return _mm512_castps_si512(_mm512_dpbf16_ps(_mm512_castsi512_ps(sum), pairs, pairs));
  });
}
#else
constexpr auto run_bf16 = nullptr;
#endif
#if defined __AVX512VNNI__
double run_int8(long rounds) {
  return run_chains(rounds, _mm512_set1_epi32(0x01010101), 128,
                    [](__m512i sum, __m512i f) { return _mm512_dpbusd_epi32(sum, f, f); });
}
#else
constexpr auto run_int8 = nullptr;
#endif
#endif

}  // namespace

constinit const PeakKernel peak_kernel{run_f32, run_bf16, run_int8};

}  // namespace focusllm::FOCUSLLM_ISA
