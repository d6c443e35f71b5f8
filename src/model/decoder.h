#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/memory.h"
#include "model/model.h"
#include "model/rows.h"

namespace focusllm::model {

/// Rows through a model's layers, with the scratch memory that they need; the model is shared and const. It
/// knows no method: what a layer attends to is the AttentionSource's business.
class Decoder {
 public:
  explicit Decoder(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  /// Where numbers stopped being finite: words, and the layer's number behind them unless it is negative.
  struct Place {
    const char* words;
    int layer = -1;
  };

  const Model& model() const { return *model_; }
  /// Bytes that a pass of `rows` rows takes beside keys and values: activations, as floats and as they are
  /// quantised, queries and keys once more as they are rotated.
  static std::int64_t scratch_bytes(const Spec& spec, std::int64_t rows);
  /// Final hidden states (after the output norm) of the rows that are wanted: [wanted, width], valid until
  /// the next call. Asks `stop` between layers and throws Cancelled where it says so.
  std::span<const float> forward(const Rows& rows, AttentionSource& source,
                                 const std::function<bool()>& stop);

 private:
  void embed(const Rows& rows);
  void attend(const Rows& rows, int index, AttentionSource& source);
  /// Leaves only some rows, ascending.
  void keep(const Rows& rows, std::span<const std::int64_t> kept);
  /// The place of a row among all rows of the pass.
  std::int64_t place(std::int64_t row) const {
    return places_.empty() ? row : places_[static_cast<std::size_t>(row)];
  }
  void project_out(const Rows& rows, const Layer& layer);
  void attention_product(const AttentionProduct& product, const Rows& rows, const float* x, float* y,
                         bool accumulate) const;
  void feed_forward(const Rows& rows, int index, AttentionSource& source);
  /// RMS norm of the residual stream; rows that are not finite are broken, `where` says when.
  void norm(const Rows& rows, const std::vector<float>& weight, const Place& where, AttentionSource& source);
  /// Zeros in the rows whose places are in a range.
  void fill_rows(std::int64_t rows, RowRange range, std::int64_t width, float* x) const;
  /// Broken keys and values show up behind their layer, but for those that rows end with.
  void check_last_keys(const LayerRows& layer, AttentionSource& source);

  std::shared_ptr<const Model> model_;
  /// The rows of the pass at hand that are left once the first ended, and their places.
  Rows left_;
  std::vector<std::int64_t> places_;
  Scratch<float> x_;         ///< [rows, width] residual stream
  Scratch<float> normed_;    ///< [rows, width]
  Scratch<float> qkv_;       ///< [rows, qkv_width]
  Scratch<float> attended_;  ///< [rows, attention_width]
  Scratch<float> gate_up_;   ///< [rows, 2 * feed_forward]
  Scratch<float> gated_;     ///< [rows, feed_forward]
};

}  // namespace focusllm::model
