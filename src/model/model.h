#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/gguf.h"
#include "model/attention_product.h"
#include "model/named_tensors.h"
#include "model/spec.h"
#include "tensor/linear.h"

namespace focusllm::model {

/// One layer's weights. Vectors that its LayerSpec does not want are empty.
struct Layer {
  AttentionProduct qkv;
  std::vector<float> qkv_bias;  ///< [qkv_width]
  AttentionProduct attention_out;
  std::vector<float> attention_norm, feed_forward_norm;
  std::vector<float> query_norm, key_norm;                         ///< [dim] each
  std::vector<float> post_attention_norm, post_feed_forward_norm;  ///< [width] each
  Linear gate_up;
  Linear down;
};

/// A decoder's weights, straight from the mapped file. Const after loading, shared by all sessions.
class Model {
 public:
  /// `adapter`: the candidates' weights (docs/adapters.md), or null for the model's own. `weights`: the
  /// weights_hash of the file, where somebody has read all of it. Throws Error naming the tensor when one is
  /// missing, its shape contradicts the metadata, or nothing uses it.
  explicit Model(std::shared_ptr<const gguf::File> file, const Arithmetic& arithmetic = {},
                 std::shared_ptr<const gguf::File> adapter = nullptr, std::string weights = {});
  /// The same where the file's specification was read already.
  Model(std::shared_ptr<const gguf::File> file, Spec spec, const Arithmetic& arithmetic,
        std::shared_ptr<const gguf::File> adapter, std::string weights);

  const Spec& spec() const { return spec_; }
  /// Whose kernels compute whatever is done with this model.
  Isa isa() const { return isa_; }
  /// Which of this process's models it is: no two have the same.
  std::uint64_t number() const { return number_; }
  /// The hash of its own weights, or empty where it is not known.
  const std::string& weights() const { return weights_; }
  bool has_adapter() const { return adapter_ != nullptr; }
  std::span<const Layer> layers() const { return layers_; }
  const std::vector<float>& output_norm() const { return output_norm_; }
  const Linear& head() const { return head_; }
  /// hidden [rows, width] -> logits [rows, vocabulary].
  void logits(const float* hidden, std::int64_t rows, float* out) const;
  /// Throws Error where logits are not finite.
  static void check_logits(std::span<const float> logits);
  std::span<const Rope> ropes() const { return ropes_; }  ///< LayerSpec::rope says which (Rotations)
  /// Embeddings of tokens, scaled: out [tokens, width]. Throws Error for an id outside the vocabulary.
  void embed(std::span<const std::int32_t> tokens, float* out) const;
  /// Bytes of the weights' rearranged copies, whether they are made already or not.
  std::int64_t copied_bytes() const;
  /// Makes the copies now (each is made at its first use otherwise), and lets go of the file's pages that
  /// they stand for.
  void prepare() const;

 private:
  Model(const std::shared_ptr<const gguf::File>& file, Spec spec, const Arithmetic& arithmetic,
        std::shared_ptr<const gguf::File> adapter, std::string weights, NamedTensors tensors);
  /// Calls body(linear) for all products.
  template <typename Body>
  void for_products(const Body& body) const;

  static std::uint64_t next_number();

  std::uint64_t number_ = next_number();
  std::string weights_;
  Isa isa_;
  std::shared_ptr<const gguf::File> file_, adapter_;
  Spec spec_;
  std::vector<Layer> layers_;
  BlockMatrix embedding_;
  std::vector<float> output_norm_;
  Linear head_;
  std::vector<Rope> ropes_;
};

}  // namespace focusllm::model
