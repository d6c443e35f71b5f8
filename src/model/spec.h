#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attention/partial.h"
#include "gguf/file.h"
#include "model/rope.h"

namespace focusllm::model {

/// Everything about an architecture that the one parametric decoder needs, read from a file's metadata.
struct Spec {
  enum class Gate { silu, gelu };

  std::string architecture;
  int layers = 0;
  int width = 0;         ///< of the residual stream
  int feed_forward = 0;  ///< of the gated MLP
  int vocabulary = 0;
  std::int64_t trained_context = 0;  ///< tokens
  attention::HeadShape heads;
  float attention_scale = 1;  ///< of the logits
  float epsilon = 1e-5F;      ///< of every RMS norm
  float embedding_scale = 1;  ///< gemma: sqrt(width)
  Gate gate = Gate::silu;

  int rope_dim = 0;
  bool rope_paired = false;
  double rope_base = 10000;
  RopeScaling rope_scaling;

  // Sliding-window layers (gemma3): window tokens and their own rotary base; 0 = every layer sees everything.
  std::int64_t sliding_window = 0;
  std::vector<bool> slides;  ///< of each layer, with a sliding window
  double sliding_rope_base = 10000;

  /// Tokens that layer sees: 0 = all.
  std::int64_t window(int layer) const {
    return sliding_window > 0 && slides[static_cast<std::size_t>(layer)] ? sliding_window : 0;
  }
  /// The first layer that slides, or that does not; 0 where there is none.
  int first_layer(bool sliding) const;
  int qkv_width() const { return (heads.heads + 2 * heads.kv_heads) * heads.dim; }
  int attention_width() const { return heads.heads * heads.dim; }
  /// Parameters of the matrices that every token goes through, without embedding and head.
  std::int64_t layer_parameters() const;

  /// Throws Error for an architecture or scaling that is not supported (listing those that are), for missing
  /// keys, and for sizes that contradict each other.
  static Spec from(const gguf::File& file);
};

}  // namespace focusllm::model
