#pragma once

#include <cstdint>
#include <exception>
#include <span>

#include "attention/partial.h"

namespace focusllm::attention {

class Elsewhere;

/// One part of what some rows attend to: keys that they see at this part's own positions, or a sink, or keys
/// that are not here.
struct Part {
  const float* queries = nullptr;           ///< [rows, heads, dim], rotated for this part
  const std::int64_t* positions = nullptr;  ///< [rows], never decreasing; may be null for kEverything
  Visible visible = kCausal;
  float scale = 1;  ///< of the logits, usually 1 / sqrt(dim)
  std::span<const KvRun> runs = {};
  const float* sink = nullptr;     ///< [heads], instead of keys: logits whose value is zero, each once
  Elsewhere* elsewhere = nullptr;  ///< instead of runs: who computes the part
};

/// Rows of queries and all that they attend to. Keys and values in int8 are spread (attention/spread.h) and
/// the queries and results are not: attend() sees to that.
struct Block {
  HeadShape shape;
  KvType type = KvType::bf16;
  Isa isa = default_isa();           ///< whose kernels compute what is here
  const Backend* backend = nullptr;  ///< what computes in their place; null: nothing
  Use use = Use::read;
  std::int64_t rows = 0;
  std::span<const Part> parts;  ///< of disjoint keys
  float* out = nullptr;         ///< [rows, heads, dim]: softmax over all parts; 0 where a row sees nothing
  float* lse = nullptr;         ///< [rows, heads]: natural, -inf where a row sees nothing; null: not wanted
};

/// Computes a part in another place while the local ones are computed here.
class Elsewhere {
 public:
  virtual ~Elsewhere() = default;
  /// Starts. What block and part point to stays valid until finish() has returned.
  virtual void begin(const Block& block, const Part& part) = 0;
  /// Waits for the result, of the part alone: out [rows, heads, dim], lse [rows, heads]. Called once for each
  /// begin() that returned, also where another part failed. Throws Error if the part was not computed.
  virtual void finish(float* out, float* lse) = 0;
};

/// The attention of all blocks: parts elsewhere are started, those here are computed, sharing the threads,
/// and each block's parts are merged in their order. A row's result does not depend on the rows or blocks
/// beside it. Throws Error when a shape is not supported. What a part elsewhere throws goes to its block's
/// place in `failures` [blocks], and the block's result is undefined; without that, the first is thrown once
/// all have ended.
void attend(std::span<const Block> blocks, std::span<std::exception_ptr> failures);
void attend(std::span<const Block> blocks);
inline void attend(const Block& block) {
  attend(std::span(&block, 1));
}

/// The log-sum-exp [rows, heads] of the block over all its parts, which are here and no sinks: what attend()
/// gives as lse, to the bit, without the values. `out` and `lse` of the block are not used.
void log_sums(const Block& block, float* lse);

/// partial.h's columns of one part, against the whole block's lse.
void collect_columns(const Block& block, const Part& part, Collect collect, const float* lse, float* columns,
                     std::int64_t stride);
inline void column_sums(const Block& block, const Part& part, const float* lse, float* sums,
                        std::int64_t stride) {
  collect_columns(block, part, Collect::sum, lse, sums, stride);
}

}  // namespace focusllm::attention
