#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <torch/types.h>

#include "gguf/file.h"
#include "model/model.h"
#include "train/frozen_matrix.h"
#include "train/sample.h"

namespace focusllm::train {

/// The model's own weights of one layer. Vectors are undefined where the architecture has none.
struct FrozenLayer {
  FrozenMatrix qkv;                                           ///< [qkv_width, width]: q | k | v
  FrozenMatrix out;                                           ///< [width, attention_width]
  FrozenMatrix gate_up;                                       ///< [2 feed_forward, width]
  FrozenMatrix down;                                          ///< [width, feed_forward]
  torch::Tensor qkv_bias;                                     ///< [qkv_width]
  torch::Tensor attention_norm, feed_forward_norm;            ///< [width]
  torch::Tensor query_norm, key_norm;                         ///< [dim]
  torch::Tensor post_attention_norm, post_feed_forward_norm;  ///< [width]
};

/// Cosines and sines of some rows' positions, [rows, 1, rope_dim / 2].
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
  /// Kinds of layers differ in what their rows see and how they turn: [0] everything before them, [1] a
  /// sliding window.
  template <typename T>
  using ByKind = std::array<T, 2>;
  std::size_t kind(int layer) const { return spec().window(layer) > 0 ? 1 : 0; }
  /// make(layer) for a layer of each kind; for any layer where there is none of that kind.
  template <typename Make>
  auto by_kind(Make&& make) const -> ByKind<decltype(make(0))> {
    return {make(spec().first_layer(false)), make(spec().first_layer(true))};
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
  torch::Tensor vector(const std::string& name) const;
  BlockMatrix matrix(const std::string& name) const { return file_->tensor(name).matrix(); }
  FrozenLayer load(int index) const;
  torch::Tensor bias(const std::string& prefix) const;
  torch::Tensor all_embeddings() const;

  std::shared_ptr<const gguf::File> file_;
  Backend backend_;
  std::shared_ptr<const model::Model> model_;
  std::optional<Token> bos_;
  std::vector<FrozenLayer> layers_;
  torch::Tensor embeddings_;  ///< [vocabulary, width] where a GPU has them
  torch::Tensor output_norm_;
  FrozenMatrix head_;
};

}  // namespace focusllm::train
