// Ordinary rows in plain torch: for devices and types without kernels of ours.
#include <algorithm>

#include "train/attention.h"
#include "train/ordinary_rows.h"
#include "train/padded_kv.h"

namespace focusllm::train {
namespace {

using torch::Tensor;
using Sequences = std::span<const OrdinarySequence>;

class TorchRows final : public OrdinaryRows {
 public:
  explicit TorchRows(const FrozenModel& model) : model_(model) {}

  /// Neighbours of the same length go through the layers together.
  void encode(Sequences sequences, const CancelToken& cancel) override {
    const torch::NoGradGuard no_gradients;
    while (!sequences.empty()) {
      const std::size_t length = sequences.front().tokens.size();
      const auto other = std::find_if(sequences.begin(), sequences.end(),
                                      [&](const auto& s) { return s.tokens.size() != length; });
      const auto same = static_cast<std::size_t>(other - sequences.begin());
      encode_together(sequences.first(same), cancel);
      sequences = sequences.subspan(same);
    }
  }

 private:
  struct Batch {
    PaddedKv kv;              ///< what stands before them, and room for their own
    std::int64_t length = 0;  ///< tokens of each
    std::int64_t room = 0;    ///< the first slot of their own
    FrozenModel::ByKind<RotaryTable> turns;
    FrozenModel::ByKind<Tensor> visible;  ///< [sequences, length, slots]
  };

  Batch batch(Sequences sequences) const {
    const auto length = static_cast<std::int64_t>(sequences.front().tokens.size());
    std::vector<PaddedKv::Parts> before;
    for (const auto& sequence : sequences) before.push_back({sequence.before});
    Batch batch{{model_.spec(), before, length, model_.backend()}, length, 0, {}, {}};
    batch.room = batch.kv.slots() - length;
    std::vector<std::int64_t> positions;
    for (const std::int64_t first : batch.kv.tokens()) {
      for (std::int64_t i = 0; i < length; ++i) positions.push_back(first + i);
    }
    batch.turns = model_.by_kind([&](int layer) { return model_.rotary(positions, layer); });
    const auto at = torch::tensor(positions, torch::kLong).view({-1, length}).to(model_.backend().device);
    batch.visible =
        model_.by_kind([&](int layer) { return visible_slots(at, batch.kv, model_.spec().window(layer)); });
    return batch;
  }

  void encode_together(Sequences sequences, const CancelToken& cancel) const {
    const Batch rows = batch(sequences);
    std::vector<Token> tokens;
    for (const auto& sequence : sequences) {
      tokens.insert(tokens.end(), sequence.tokens.begin(), sequence.tokens.end());
    }
    auto x = model_.embed(tokens);
    for (int i = 0; i < model_.spec().layers; ++i) {
      cancel.check();
      x = layer(i, x, rows);
    }
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      sequences[i].kv->data.copy_(rows.kv.part(static_cast<std::int64_t>(i), rows.room, rows.length));
    }
  }

  /// Into the room behind each sequence.
  static void store(const Batch& rows, int index, const Tensor& keys, const Tensor& values) {
    rows.kv.keys(index).narrow(2, rows.room, rows.length).copy_(keys);
    rows.kv.values(index).narrow(2, rows.room, rows.length).copy_(values);
  }

  Tensor layer(int index, const Tensor& x, const Batch& rows) const {
    const FrozenLayer& weights = model_.layer(index);
    auto qkv = weights.qkv.apply(model_.norm(x, weights.attention_norm));
    if (weights.qkv_bias.defined()) qkv = qkv + weights.qkv_bias;
    const auto parts = split_heads(model_, weights, qkv);
    const RotaryTable& table = rows.turns[model_.kind(index)];
    const auto by_sequence = [&](const Tensor& y) {  // [rows, heads, dim] -> [sequences, length, heads, dim]
      return y.view({-1, rows.length, y.size(1), y.size(2)});
    };
    store(rows, index, by_sequence(model_.rotate(parts.keys, table)).transpose(1, 2),
          by_sequence(parts.values.contiguous()).transpose(1, 2));
    const auto logits = visible_logits(by_sequence(model_.rotate(parts.queries, table)), rows.kv.keys(index),
                                       rows.visible[model_.kind(index)], model_.spec().attention_scale);
    const auto attended = weighted_values(torch::softmax(logits, -1), rows.kv.values(index));
    const auto y = weights.out.apply(attended.reshape({x.size(0), -1}));
    return model_.add_feed_forward(weights, model_.add_attention(weights, x, y));
  }

  const FrozenModel& model_;
};

}  // namespace

std::unique_ptr<OrdinaryRows> make_torch_rows(const FrozenModel& model) {
  return std::make_unique<TorchRows>(model);
}

std::unique_ptr<OrdinaryRows> OrdinaryRows::make(const FrozenModel& model) {
  return model.backend().fast ? make_engine_rows(model) : make_torch_rows(model);
}

}  // namespace focusllm::train
