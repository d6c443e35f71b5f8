#pragma once

#include <cstdint>
#include <optional>

#include "model/rope.h"

namespace focusllm::model {

/// Activation of the gated feed-forward.
enum class Gate { silu, gelu };

/// One of a model's rotary embeddings, for all layers that turn by it.
struct RopeSpec {
  double base = 0;
  RopeScaling scaling;
};

/// What one layer computes. Its tensors follow from this: what is wanted here must be in the file.
struct LayerSpec {
  std::int64_t window = 0;      ///< tokens that a row sees, itself among them; 0: all before it
  std::optional<int> rope = 0;  ///< of Spec::ropes; none: keys carry no position (NoPE)
  bool qkv_bias = false;
  bool qk_norm = false;     ///< RMS norm of each head of queries and keys
  bool post_norms = false;  ///< RMS norms of what attention and feed-forward add to the residual stream
  Gate gate = Gate::silu;
};

}  // namespace focusllm::model
