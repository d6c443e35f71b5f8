// Included by kernel sources only: what the kernels on AMX's tile registers share.
#pragma once

#include <immintrin.h>

namespace focusllm::tiles {
namespace {

/// The shape of each of the eight tile registers; rows of `bytes` each.
struct TileShapes {
  struct Shape {
    unsigned char rows;
    unsigned short bytes;
  };
  Shape shapes[8];
};
/// All of each register.
constexpr TileShapes kWholeTiles{
    {{16, 64}, {16, 64}, {16, 64}, {16, 64}, {16, 64}, {16, 64}, {16, 64}, {16, 64}}};

/// Gives this thread's tile registers a shape, which they keep until _tile_release(). The intrinsics do not
/// tell the compiler which memory they touch: tiles_ordered() stands between them and ordinary loads and
/// stores of the same memory.
inline void configure(const TileShapes& wanted) {
  struct alignas(64) {
    unsigned char palette = 1;
    unsigned char start_row = 0;
    unsigned char reserved[14] = {};
    unsigned short bytes[16] = {};
    unsigned char rows[16] = {};
  } config;
  static_assert(sizeof(config) == 64);
  for (int i = 0; i < 8; ++i) {
    config.bytes[i] = wanted.shapes[i].bytes;
    config.rows[i] = wanted.shapes[i].rows;
  }
  __asm__ volatile("ldtilecfg %0" : : "m"(config) : "memory");
}

/// Tile registers in a shape for as long as this lives.
class Tiles {
 public:
  explicit Tiles(const TileShapes& wanted) { configure(wanted); }
  ~Tiles() { _tile_release(); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;
};

inline __attribute__((always_inline)) void tiles_ordered() {
  __asm__ volatile("" : : : "memory");
}

}  // namespace
}  // namespace focusllm::tiles
