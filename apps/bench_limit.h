#pragma once

#include <cstdint>

#include "bench_peak.h"
#include "context/context.h"
#include "engine/engine.h"

namespace focusllm::cli {

/// The least time that this machine's peaks allow (docs/performance.md, "The limits"): what is counted is
/// what any implementation has to do.
class Limit {
 public:
  /// `options.method` is a method, not auto; `kv_type` is what the session really used.
  Limit(const Engine& engine, const ContextOptions& options, attention::KvType kv_type, const Peaks& peaks);

  /// Tokens/s when the first `tokens` tokens are read: operations of the layers' products and of attention.
  double prefill(std::int64_t tokens) const;
  /// Tokens/s of all of `sessions` together, each after `depth` tokens: bytes of the weights, once, and of
  /// the keys and values that each one's token sees.
  double decode(std::int64_t depth, int sessions = 1) const;

 private:
  /// Rows that go through the layers, and pairs of a query and a key that it sees.
  struct Work {
    double rows = 0, pairs = 0;
  };
  /// That a row of a layer sees, `blocks` blocks of memory among them (infllm).
  std::int64_t most_keys(int layer, std::int64_t blocks) const;
  /// What choosing blocks of memory for one row reads, in a layer (infllm).
  double representative_bytes(int layer, std::int64_t depth) const;
  Work reading(int layer, std::int64_t tokens) const;
  double seconds(double rows, double pairs_of_all_layers) const;
  std::int64_t chunks(std::int64_t tokens) const;

  const Engine& engine_;
  context::Options options_;
  Peaks peaks_;
};

}  // namespace focusllm::cli
