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
  double seconds(double rows, double pairs_of_all_layers) const;

  const Engine& engine_;
  context::Options options_;
  Peaks peaks_;
};

}  // namespace focusllm::cli
