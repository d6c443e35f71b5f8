#pragma once

#include <cstddef>
#include <memory>

#include "attention/kernel.h"
#include "attention/keys.h"

// The pieces that problems are cut into, and the drivers that feed them to the kernels.

namespace focusllm::attention {

/// What one thread computes at a time: some rows of a problem, the query heads of one key head, a part of the
/// keys.
struct Work {
  const Problem* problem = nullptr;
  int kv_head = 0;
  std::int64_t row = 0;
  std::int64_t rows = 0;
  Columns columns;       ///< what any of the rows sees of them, or a part of that
  float* out = nullptr;  ///< of the first row's first head
  float* lse = nullptr;
  std::int64_t out_stride = 0;  ///< floats from row to row
  std::int64_t lse_stride = 0;
};

/// Bytes that only grow, reused from call to call; one for each thread.
class Scratch {
 public:
  /// Makes room for `bytes`; take() then hands it out in pieces aligned to 64.
  void reset(std::size_t bytes);
  template <typename T>
  T* take(std::int64_t count) {
    T* piece = reinterpret_cast<T*>(base_ + used_);
    used_ += rounded(count * static_cast<std::int64_t>(sizeof(T)));
    return piece;
  }
  static std::size_t rounded(std::int64_t bytes) { return (static_cast<std::size_t>(bytes) + 63) / 64 * 64; }
  static Scratch& of_this_thread();

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::byte* base_ = nullptr;
  std::size_t size_ = 0;
  std::size_t used_ = 0;
};

inline constexpr double kLog2E = 1.4426950408889634;
inline constexpr double kLn2 = 0.6931471805599453;

/// The kernels of an instruction set, and which of its tile kernels takes keys of a type.
const RowKernels& row_kernels_of(Isa isa);
const TileKernel& tile_kernel(KvType type, Isa isa);
/// Whether few rows read such keys with bf16 dot products.
bool few_use_bf16(KvType type, Isa isa);

/// Many queries: packed tiles. work.columns begins at a multiple of kTileKeys.
void attend_tiles(const TileKernel& kernel, const Work& work);
/// Up to kMaxRowQueries queries. work.columns begins at a multiple of kRowKeys in a run, or at a part.
void attend_few(const Work& work);
/// What the queries give to the keys of one head, over work.columns.
void collect_columns(const TileKernel& kernel, const Work& work, Collect collect, const float* lse,
                     float* columns, std::int64_t stride);

/// The natural log-sum-exp of a running maximum and sum in base 2; -inf when the sum is 0.
float natural_lse(float top, float total);

}  // namespace focusllm::attention
