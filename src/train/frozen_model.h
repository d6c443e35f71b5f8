#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <torch/types.h>

#include "focusllm/gguf.h"
#include "model/model.h"
#include "train/frozen_matrix.h"
#include "train/sample.h"

namespace focusllm::train {

/// The model's own weights of one layer. Vectors that its LayerSpec does not want are undefined.
struct FrozenLayer {
  FrozenMatrix qkv;                                           ///< [qkv_width, width]: q | k | v
  FrozenMatrix out;                                           ///< [width, attention_width]
  FrozenMatrix gate_up;                                       ///< [2 feed_forward, width]
  FrozenMatrix down;                                          ///< [width, feed_forward]
  torch::Tensor qkv_bias;                                     ///< [qkv_width]
  torch::Tensor attention_norm, feed_forward_norm;            ///< [width]
  torch::Tensor query_norm, key_norm;                         ///< [dim]
  torch::Tensor post_attention_norm, post_feed_forward_norm;  ///< [width]
  model::Gate gate = model::Gate::silu;
};

/// Cosines and sines of some rows' positions, [rows, 1, rope_dim / 2]; undefined for layers without (NoPE).
struct RotaryTable {
  torch::Tensor cos, sin;
};

/// A model as the trainer sees it: everything but the candidates' projections, frozen. Rows are [rows, ...];
/// all functions are differentiable in them. Const, thread-safe.
class FrozenModel {
 public:
  /// Throws Error for a model that the decoder does not support.
  FrozenModel(std::shared_ptr<const gguf::File> file, const Backend& backend);

  const Backend& backend() const { return backend_; }
  const gguf::File& file() const { return *file_; }
  const std::shared_ptr<const model::Model>& engine_model() const { return model_; }
  const model::Spec& spec() const { return model_->spec(); }
  const FrozenLayer& layer(int index) const { return layers_[static_cast<std::size_t>(index)]; }
  /// Kinds of layers differ in what their rows see and how they turn: window and rotary embedding.
  template <typename T>
  using ByKind = std::vector<T>;
  std::size_t kind(int layer) const { return kinds_[static_cast<std::size_t>(layer)]; }
  /// make(layer) for the first layer of each kind.
  template <typename Make>
  auto by_kind(Make&& make) const -> ByKind<decltype(make(0))> {
    ByKind<decltype(make(0))> made;
    for (int layer = 0; layer < spec().layers; ++layer)
      if (kind(layer) == made.size()) made.push_back(make(layer));
    return made;
  }
  /// The token that stands in front of a text, if the model wants one.
  std::optional<Token> bos() const { return bos_; }

  torch::Tensor embed(std::span<const Token> tokens) const;
  torch::Tensor norm(const torch::Tensor& x, const torch::Tensor& weight) const;
  /// [rows, heads * dim] of one kind -> [rows, heads, dim] after QK-norm, if `weight` is defined.
  torch::Tensor heads(const torch::Tensor& x, int count, const torch::Tensor& weight) const;
  RotaryTable rotary(std::span<const std::int64_t> positions, int layer) const;
  /// x [rows, heads, dim] turned.
  torch::Tensor rotate(const torch::Tensor& x, const RotaryTable& table) const;
  /// The residual stream after the attention's output y [rows, width] of `layer`, and after its MLP.
  torch::Tensor add_attention(const FrozenLayer& layer, const torch::Tensor& x, const torch::Tensor& y) const;
  torch::Tensor add_feed_forward(const FrozenLayer& layer, const torch::Tensor& x) const;
  /// [rows, width] -> [rows, vocabulary].
  torch::Tensor logits(const torch::Tensor& x) const;

 private:
  torch::Tensor vector(const std::vector<float>& values) const;
  FrozenMatrix matrix(const Linear& linear) const;
  FrozenLayer load(int index) const;
  torch::Tensor all_embeddings() const;

  std::shared_ptr<const gguf::File> file_;
  Backend backend_;
  std::shared_ptr<const model::Model> model_;
  std::optional<Token> bos_;
  std::vector<FrozenLayer> layers_;
  std::vector<std::size_t> kinds_;  ///< of each layer, counted in the order of their first layers
  torch::Tensor embeddings_;        ///< [vocabulary, width] where a GPU has them
  torch::Tensor output_norm_;
  FrozenMatrix head_;
};

}  // namespace focusllm::train
