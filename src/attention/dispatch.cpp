#include <array>
#include <cmath>
#include <cstdlib>
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

/// bf16 dot products of vectors: where they are fast, or where FOCUSLLM_ISA asks for them by name.
bool wants_bf16_vectors() {
  static const bool pinned = [] {
    const char* name = std::getenv("FOCUSLLM_ISA");
    return name != nullptr && std::string_view(name) == isa_name(Isa::avx512_bf16);
  }();
  return pinned || fast_bf16_dot();
}

}  // namespace

const Kernels& active_kernels() {
  static const std::array<Kernels, kIsas> all = make_kernels();
  return all[static_cast<std::size_t>(active_isa())];
}

bool few_use_bf16(KvType type) {
  return type == KvType::bf16 && active_kernels().attend_rows_bf16 != nullptr && wants_bf16_vectors();
}

const TileKernel& tile_kernel(KvType type) {
  return uses_bf16(type) ? active_kernels().bf16 : active_kernels().f32;
}

bool uses_bf16(KvType type) {
  if (type == KvType::f32 || active_kernels().bf16.lanes == 0) return false;
  return active_isa() == Isa::amx || wants_bf16_vectors();
}

std::string_view kernel_name(KvType type) {
  if (uses_bf16(type)) return isa_name(active_isa());
  return isa_name(
      std::min(active_isa(), Isa::avx512));  // what comes after it adds nothing to the f32 kernels
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
