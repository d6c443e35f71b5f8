#pragma once

#include <cstdint>

#include "base/isa_namespaces.h"

// What the kernels of one instruction set offer to the drivers (tiles.cpp, rows.cpp). Plain data and function
// pointers: kernel sources are compiled for newer instruction sets and must not instantiate inline code that
// others share.

namespace focusllm::attention {

inline constexpr int kTileKeys = 64;  ///< keys whose scores are computed, exponentiated and used up together
inline constexpr int kTileWords = kTileKeys / 32;
inline constexpr int kVectors =
    3;  ///< vectors of queries in a block: with 8 keys, 24 accumulators of 32 registers
inline constexpr int kMaxLanes = 16;
inline constexpr int kMaxQueries = kVectors * kMaxLanes;  ///< in a block
inline constexpr int kPanel = 8;                          ///< dims in a panel of packed values
inline constexpr int kRowKeys = 128;      ///< most keys that one call of RowKernel::attend takes
inline constexpr int kMaxRowQueries = 8;  ///< most queries for which reading keys unpacked is the faster way
inline constexpr float kStartTop =
    -1e30F;  ///< running maximum before any key; above what masked scores are set to

/// Queries stand in the lanes of vectors and keys are broadcast: softmax is then vertical, and neither keys
/// nor scores are ever transposed. A block holds `vectors` vectors of queries; packed, "unit" u of query q is
/// at [u][q]. A unit is one f32 or a pair of neighbouring bf16 (of one key's dims, or of one dim of two
/// keys).
struct TileCall {
  int dim = 0;
  int first_key = 0;               ///< of the tile's; a multiple of key_step
  int keys = 0;                    ///< from there on, a multiple of key_step; padding must be masked
  int panel_keys = 0;              ///< all of the tile: keys in a panel of values
  int vectors = 0;                 ///< 1 to kVectors
  const void* queries = nullptr;   ///< [dim units][vectors * lanes], scaled so that a score is a power of 2
  const void* key_rows = nullptr;  ///< [keys][dim]
  const void* values = nullptr;    ///< pack_values' form; null: only top and total are wanted
  /// [kTileWords][vectors * lanes]: bit k % 32 of word k / 32 says that the query sees key k. Null: all see
  /// all.
  const std::uint32_t* visible = nullptr;
  float* scores = nullptr;     ///< scratch [keys][vectors * lanes]
  float* top = nullptr;        ///< [vectors * lanes] running maximum of the scores
  float* total = nullptr;      ///< [vectors * lanes] running sum of exp2(score - top)
  float* out = nullptr;        ///< [dim][vectors * lanes] running sum of exp2(score - top) * value
  const float* lse = nullptr;  ///< columns only: [vectors * lanes], base 2
  float* columns = nullptr;    ///< columns only: [keys][lanes], what came together so far
};

struct TileKernel {
  int lanes = 0;          ///< queries in a vector
  int element_bytes = 0;  ///< of packed queries, keys and values: 4 (f32) or 2 (bf16)
  int key_step = kPanel;  ///< tiles are padded, and parts of them cut, to multiples of it
  /// rows: `queries` pointers to [dim], null for an unused lane.
  void (*pack_queries)(const float* const* rows, int queries, int dim, float factor, void* packed) = nullptr;
  /// Converts `rows` rows of keys or values of the KvType to the kernel's elements.
  void (*load_rows)(int type, const void* from, const float* scales, int rows, int dim, void* to) = nullptr;
  /// [keys][dim] to the form that `attend` reads, of the same size: [dim / kPanel][key units][kPanel], or
  /// tiles of AMX.
  void (*pack_values)(const void* rows, int keys, int dim, void* panels) = nullptr;
  void (*attend)(const TileCall& call) = nullptr;
  /// By Collect: the tile's columns, and columns [keys][lanes] over the lanes and what `to` [keys] holds.
  void (*collect[2])(const TileCall& call) = {};
  void (*reduce[2])(const float* columns, int keys, float* to) = {};
  /// Stores query q, times factors[q], to rows[q] [dim] unless that is null.
  void (*unpack)(const float* out, int queries, int dim, const float* factors, float* const* rows) = nullptr;
};

/// Few queries over up to kRowKeys keys where they lie: dims stand in the lanes.
struct RowCall {
  int type = 0;  ///< KvType
  int dim = 0;
  int keys = 0;
  int queries = 0;
  const void* query_rows = nullptr;  ///< [queries][dim], f32 or bf16, scaled so that a score is a power of 2
  const void* key_rows = nullptr;    ///< [keys][dim]
  const void* value_rows = nullptr;
  const float* key_scales = nullptr;
  const float* value_scales = nullptr;
  const int* first = nullptr;  ///< [queries] the visible keys are [first, last); null: all
  const int* last = nullptr;
  float* scores = nullptr;  ///< scratch [queries][kRowKeys]
  float* top = nullptr;     ///< [queries]
  float* total = nullptr;   ///< [queries]
  float* out = nullptr;     ///< [queries][dim]
};

struct TileKernels {
  TileKernel f32;
  TileKernel bf16 = {};  ///< lanes is 0 where the set has no bf16 dot products
};

struct RowKernels {
  void (*attend)(const RowCall& call) = nullptr;
  /// Takes bf16 keys with queries in bf16, [queries][dim] at RowCall::query_rows; null without bf16 dot
  /// products.
  void (*attend_bf16)(const RowCall& call) = nullptr;
  /// to = (a * from + b * to), n floats: one row of a merge.
  void (*blend)(const float* from, float a, float b, std::int64_t n, float* to) = nullptr;
};

FOCUSLLM_DECLARE_PER_ISA(TileKernels, tile_kernels)
FOCUSLLM_DECLARE_PER_ISA(RowKernels, row_kernels)

}  // namespace focusllm::attention
