#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "gguf/file.h"
#include "model/spec.h"
#include "tensor/linear.h"

namespace focusllm::model {

/// One set of q, k, v, o of a layer: the model's own, or an adapter's for candidate rows.
struct AttentionWeights {
  Linear qkv;
  std::vector<float> qkv_bias;  ///< [qkv_width], or empty
  Linear out;
};

struct Layer {
  std::vector<AttentionWeights> attention;  ///< by weight set; [0] is the model's own
  std::vector<float> attention_norm, feed_forward_norm;
  std::vector<float> query_norm, key_norm;                         ///< [dim] each, or empty
  std::vector<float> post_attention_norm, post_feed_forward_norm;  ///< [width] each, or empty
  Linear gate_up;
  Linear down;
};

/// A decoder's weights, straight from the mapped file. Const after loading, shared by all sessions.
class Model {
 public:
  /// Throws Error naming the tensor when one is missing or its shape contradicts the metadata.
  Model(std::shared_ptr<const gguf::File> file, ProductType type);

  const Spec& spec() const { return spec_; }
  std::span<const Layer> layers() const { return layers_; }
  const std::vector<float>& output_norm() const { return output_norm_; }
  const Linear& head() const { return head_; }
  const Rope& rope() const { return rope_; }                  ///< of layers that see everything
  const Rope& sliding_rope() const { return sliding_rope_; }  ///< of sliding-window layers
  /// Embeddings of tokens, scaled: out [tokens, width]. Throws Error for an id outside the vocabulary.
  void embed(std::span<const std::int32_t> tokens, float* out) const;
  /// Packs the layers' products for many rows (they are packed at the first use otherwise).
  void prepare() const;

 private:
  std::shared_ptr<const gguf::File> file_;
  Spec spec_;
  std::vector<Layer> layers_;
  BlockMatrix embedding_;
  std::vector<float> output_norm_;
  Linear head_;
  Rope rope_, sliding_rope_;
};

}  // namespace focusllm::model
