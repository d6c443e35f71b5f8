#include <array>
#include <cmath>
#include <string_view>

#include "attention/work.h"
#include "base/cpu.h"

// Which kernels run, and what they share.

namespace focusllm::attention {
namespace {

constexpr std::size_t kIsas = 6;

std::array<Kernels, kIsas> make_kernels() {
  std::array<Kernels, kIsas> all;
  const auto add = [&](Isa isa, auto add_tiles, auto add_rows) {
    add_tiles(all[static_cast<std::size_t>(isa)]);
    add_rows(all[static_cast<std::size_t>(isa)]);
  };
  add(Isa::scalar, scalar::add_tile_kernels, scalar::add_row_kernels);
  add(Isa::avx2, avx2::add_tile_kernels, avx2::add_row_kernels);
  add(Isa::avx512, avx512::add_tile_kernels, avx512::add_row_kernels);
  add(Isa::avx512_vnni, avx512_vnni::add_tile_kernels, avx512_vnni::add_row_kernels);
  add(Isa::avx512_bf16, avx512_bf16::add_tile_kernels, avx512_bf16::add_row_kernels);
  add(Isa::amx, amx::add_tile_kernels, amx::add_row_kernels);
  return all;
}

/// bf16 dot products of vectors: where they are fast, or where the set was asked for in place of a stronger
/// one.
bool wants_bf16_vectors(Isa isa) {
  return fast_bf16_dot() || isa != supported_isas().back();
}

}  // namespace

const Kernels& kernels_for(Isa isa) {
  static const std::array<Kernels, kIsas> all = make_kernels();
  return all[static_cast<std::size_t>(isa)];
}

bool few_use_bf16(KvType type, Isa isa) {
  return type == KvType::bf16 && kernels_for(isa).attend_rows_bf16 != nullptr && wants_bf16_vectors(isa);
}

const TileKernel& tile_kernel(KvType type, Isa isa) {
  return uses_bf16(type, isa) ? kernels_for(isa).bf16 : kernels_for(isa).f32;
}

bool uses_bf16(KvType type, Isa isa) {
  if (type == KvType::f32 || kernels_for(isa).bf16.lanes == 0) return false;
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
