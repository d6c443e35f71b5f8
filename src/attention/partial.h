#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "base/bf16.h"
#include "base/cpu.h"
#include "base/use.h"
#include "focusllm/types.h"

namespace focusllm::attention {

using focusllm::KvType;

/// Query heads, key/value heads (heads is a multiple of kv_heads: GQA) and the width of a head.
struct HeadShape {
  int heads = 0;
  int kv_heads = 0;
  int dim = 0;
};

/// Keys and values of a run of tokens at consecutive positions, encoded together. Does not own its memory.
struct KvRun {
  const void* keys = nullptr;           ///< [kv_heads, capacity, dim] of the KvType
  const void* values = nullptr;         ///< [kv_heads, capacity, dim] of the KvType
  const float* key_scales = nullptr;    ///< int8 only: [kv_heads, capacity]; key = int8 * scale
  const float* value_scales = nullptr;  ///< int8 only: [kv_heads, capacity]
  std::int64_t capacity = 0;            ///< tokens between two heads
  std::int64_t count = 0;               ///< tokens in use, from the first; may be 0
  std::int64_t position =
      0;  ///< of the first token, for the mask only: keys come rotated as they are to be used
};

/// Which keys a query sees, by distance = query position - key position: those with min <= distance < max.
struct Visible {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};
inline constexpr Visible kCausal{};
inline constexpr Visible kEverything{std::numeric_limits<std::int64_t>::min(),
                                     std::numeric_limits<std::int64_t>::max()};
inline constexpr Visible window(std::int64_t tokens) {
  return {0, tokens};
}  ///< causal, the last `tokens` keys
inline constexpr Visible beyond(std::int64_t tokens) {
  return {tokens, kCausal.max};
}  ///< what window() leaves out

inline constexpr int kMostDim = 512;  ///< widest head

struct Backend;  // attention/backend.h

/// One partial attention: rows of queries over some runs. Everything is f32 outside the runs. A row's result
/// follows from its query, the runs, `use` and `isa` alone, to the bit: not from the rows beside it, other
/// problems or the number of threads.
struct Problem {
  HeadShape shape;
  Use use = Use::read;
  KvType type = KvType::bf16;
  Isa isa = default_isa();                  ///< whose kernels compute
  const Backend* backend = nullptr;         ///< what computes in their place; null: nothing
  float scale = 1;                          ///< of the logits, usually 1 / sqrt(dim)
  const float* queries = nullptr;           ///< [rows, heads, dim], rotated
  const std::int64_t* positions = nullptr;  ///< [rows], never decreasing; may be null for kEverything
  std::int64_t rows = 0;
  std::span<const KvRun> runs;
  Visible visible = kCausal;
  /// [rows, heads, dim]: softmax(scale q k) v over the visible keys; 0 where there are none. Null: only lse
  /// is wanted, of rows that are read (Use::read).
  float* out = nullptr;
  float* lse =
      nullptr;  ///< [rows, heads]: log of the sum of exp(scale q k), natural; -inf where there are none
};

/// Computes all problems, sharing the thread pool over them. Throws Error when a shape is not supported (dim
/// must be a multiple of 16 and at most 512).
void partial(std::span<const Problem> problems);
inline void partial(const Problem& problem) {
  partial(std::span(&problem, 1));
}

/// Merges `from` into `to`, two partial results over disjoint keys, exactly (methods.md section 0): out
/// [rows, heads, dim], lse [rows, heads].
void merge(Isa isa, const HeadShape& shape, std::int64_t rows, const float* from_out, const float* from_lse,
           float* to_out, float* to_lse);

/// The same of lse alone, [count].
void merge_sums(std::size_t count, const float* from_lse, float* to_lse);

/// What becomes of a key's probabilities, one of each query: their sum, or the largest.
enum class Collect : std::uint8_t { sum, most };
/// For each query head and key, what all queries give it: `collect` over their *final* probabilities
/// exp(scale q k - lse), where `lse` [rows, heads] is that of the merged attention. Goes to what `columns`
/// holds already, one row of `stride` floats for each head; the keys of the runs stand side by side in it.
/// `out` and `lse` of the problem are not used.
void collect_columns(const Problem& problem, Collect collect, const float* lse, float* columns,
                     std::int64_t stride);
inline void column_sums(const Problem& problem, const float* lse, float* sums, std::int64_t stride) {
  collect_columns(problem, Collect::sum, lse, sums, stride);
}

/// "avx512_bf16", ...: the kernel that partial() runs for this type of keys, for `bench`.
std::string_view kernel_name(KvType type, Isa isa);
/// Whether that one computes bf16 dot products, else f32.
bool uses_bf16(KvType type, Isa isa);

}  // namespace focusllm::attention
