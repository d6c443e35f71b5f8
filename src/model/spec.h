#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attention/partial.h"
#include "focusllm/gguf.h"
#include "model/layer_spec.h"

namespace focusllm::model {

/// Everything about an architecture that the one parametric decoder needs, read from a file's metadata.
struct Spec {
  std::string architecture;
  int layers = 0;
  int width = 0;         ///< of the residual stream
  int feed_forward = 0;  ///< of the gated MLP
  int vocabulary = 0;
  std::int64_t trained_context = 0;  ///< tokens
  attention::HeadShape heads;
  float attention_scale = 1;  ///< of the logits
  float epsilon = 0;          ///< of every RMS norm
  float embedding_scale = 1;  ///< gemma: sqrt(width)
  bool tied_head = false;     ///< the embedding is the output matrix too

  int rope_dim = 0;          ///< elements of each head that turn
  bool rope_paired = false;  ///< element 2i turns with 2i + 1, else i with i + rope_dim / 2
  std::vector<RopeSpec> ropes;

  std::vector<LayerSpec> by_layer;        ///< [layers]
  std::vector<std::string> done_tensors;  ///< of the file: read into this already, or without any effect

  const LayerSpec& layer(int index) const { return by_layer[static_cast<std::size_t>(index)]; }
  /// Tokens that a layer sees: 0 = all.
  std::int64_t window(int index) const { return layer(index).window; }
  int qkv_width() const { return (heads.heads + 2 * heads.kv_heads) * heads.dim; }
  int attention_width() const { return heads.heads * heads.dim; }
  /// Parameters of the matrices that every token goes through, without embedding and head.
  std::int64_t layer_parameters() const;

  /// Throws Error for an architecture or scaling that is not supported (listing those that are), for missing
  /// keys, and for sizes that contradict each other.
  static Spec from(const gguf::File& file);
};

}  // namespace focusllm::model
