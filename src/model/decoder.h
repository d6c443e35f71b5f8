#pragma once

#include <memory>
#include <span>

#include "base/cancel.h"
#include "base/memory.h"
#include "model/model.h"
#include "model/rows.h"

namespace focusllm::model {

/// Rows through a model's layers. Holds the scratch memory of one session; the model is shared and const. It
/// knows no method: what a layer attends to is the AttentionSource's business.
class Decoder {
 public:
  explicit Decoder(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  const Model& model() const { return *model_; }
  /// Bytes that a pass of `rows` rows takes beside keys and values: activations, as floats and as they are
  /// quantised, queries and keys once more as they are rotated.
  static std::int64_t scratch_bytes(const Spec& spec, std::int64_t rows);
  /// Final hidden states (after the output norm) of all rows: [rows, width], valid until the next call.
  /// Checks `cancel` between layers and throws Cancelled. Throws Error that names the token and the layer
  /// where numbers stopped being finite.
  std::span<const float> forward(const Rows& rows, AttentionSource& source, const CancelToken& cancel);
  /// The same without what only the final hidden states need: for rows whose keys and values are all that is
  /// wanted.
  void read(const Rows& rows, AttentionSource& source, const CancelToken& cancel);

 private:
  void embed(const Rows& rows);
  void run_layers(const Rows& rows, AttentionSource& source, const CancelToken& cancel, bool only_read);
  void attend(const Rows& rows, int index, AttentionSource& source);
  void project_out(const Rows& rows, const Layer& layer);
  void attention_product(const AttentionProduct& product, const Rows& rows, const float* x, float* y,
                         bool accumulate) const;
  void feed_forward(const Rows& rows, int index);

  std::shared_ptr<const Model> model_;
  Scratch<float> x_;         ///< [rows, width] residual stream
  Scratch<float> normed_;    ///< [rows, width]
  Scratch<float> qkv_;       ///< [rows, qkv_width]
  Scratch<float> attended_;  ///< [rows, attention_width]
  Scratch<float> gate_up_;   ///< [rows, 2 * feed_forward]
  Scratch<float> gated_;     ///< [rows, feed_forward]
};

}  // namespace focusllm::model
