#include <cmath>
#include <string_view>

#include "attention/work.h"
#include "base/cpu.h"

// Which kernels run, and what they share.

namespace focusllm::attention {
namespace {

const TileKernels& tile_kernels_of(Isa isa) {
  return FOCUSLLM_OF_ISA(TileKernels, isa, tile_kernels);
}

/// bf16 dot products of vectors: where they are fast, or where the set was asked for in place of a stronger
/// one.
bool wants_bf16_vectors(Isa isa) {
  return fast_bf16_dot() || isa != supported_isas().back();
}

}  // namespace

const RowKernels& row_kernels_of(Isa isa) {
  return FOCUSLLM_OF_ISA(RowKernels, isa, row_kernels);
}

bool few_use_bf16(KvType type, Isa isa) {
  return type == KvType::bf16 && row_kernels_of(isa).attend_bf16 != nullptr && wants_bf16_vectors(isa);
}

const TileKernel& tile_kernel(KvType type, Isa isa) {
  return uses_bf16(type, isa) ? tile_kernels_of(isa).bf16 : tile_kernels_of(isa).f32;
}

bool uses_bf16(KvType type, Isa isa) {
  if (type == KvType::f32 || tile_kernels_of(isa).bf16.lanes == 0) return false;
  return isa == Isa::amx || wants_bf16_vectors(isa);
}

std::string_view kernel_name(KvType type, Isa isa) {
  if (uses_bf16(type, isa)) return isa_name(isa);
  return isa_name(std::min(isa, Isa::avx512));  // what comes after it adds nothing to the f32 kernels
}

void Scratch::reset(std::size_t bytes) {
  used_ = 0;
  if (bytes <= size_) return;
  memory_ = std::make_unique_for_overwrite<std::byte[]>(bytes + 64);
  size_ = bytes;
  base_ = memory_.get() + (64 - reinterpret_cast<std::uintptr_t>(memory_.get()) % 64) % 64;
}

Scratch& Scratch::of_this_thread() {
  thread_local Scratch scratch;
  return scratch;
}

float natural_lse(float top, float total) {
  if (!(total > 0)) return -std::numeric_limits<float>::infinity();
  return static_cast<float>(kLn2 * (static_cast<double>(top) + std::log2(static_cast<double>(total))));
}

}  // namespace focusllm::attention
