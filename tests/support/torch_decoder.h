#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>

#include <torch/types.h>

#include "focusllm/gguf.h"
#include "model/spec.h"

namespace focusllm::test {

/// The decoder in plain torch, in double precision: slow, obvious, whole sequences at once. It shares only
/// the file reader and the metadata with the decoder it checks.
class TorchDecoder {
 public:
  /// q [n, heads, dim], k and v [n, kv_heads, dim] of one layer, before the rotary embedding -> [n, heads,
  /// dim].
  using Attention =
      std::function<torch::Tensor(int layer, torch::Tensor q, torch::Tensor k, torch::Tensor v)>;

  explicit TorchDecoder(const gguf::File& file);
  const model::Spec& spec() const { return spec_; }
  /// Final hidden states [n, width]. candidate: a row that takes the adapter's weights, or -1.
  torch::Tensor forward(std::span<const std::int32_t> tokens, const Attention& attention,
                        std::int64_t candidate = -1) const;
  /// The candidates' weights: those of the adapter in place of, or on top of, the model's own.
  void use_adapter(const gguf::File& adapter);
  /// x [n, heads, dim] turned by positions [n], with the layer's own base; x where it has no positions.
  torch::Tensor rotate(torch::Tensor x, torch::Tensor positions, int layer) const;

 private:
  torch::Tensor weight(const std::string& name) const { return weights_.at(name); }
  bool has(const std::string& name) const { return weights_.count(name) > 0; }
  torch::Tensor norm(torch::Tensor x, const std::string& name) const;
  torch::Tensor product(torch::Tensor x, const std::string& name, std::int64_t candidate) const;
  torch::Tensor project(torch::Tensor x, const std::string& name, int heads, std::int64_t candidate) const;
  torch::Tensor layer(int index, torch::Tensor x, const Attention& attention, std::int64_t candidate) const;

  model::Spec spec_;
  std::map<std::string, torch::Tensor> weights_, candidate_weights_;
};

/// softmax(scale q k) v over the keys that `visible` [n, m] allows; rows that see nothing give 0. GQA by
/// repetition.
torch::Tensor masked_attention(torch::Tensor q, torch::Tensor k, torch::Tensor v, torch::Tensor visible,
                               double scale);

}  // namespace focusllm::test
