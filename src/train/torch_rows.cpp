// Ordinary rows in plain torch, one sequence after the other: for devices and types without kernels of ours.
#include <numeric>

#include "train/attention.h"
#include "train/ordinary_rows.h"

namespace focusllm::train {
namespace {

using torch::Tensor;

class TorchRows final : public OrdinaryRows {
 public:
  explicit TorchRows(const FrozenModel& model) : model_(model) {}

  void encode(std::span<const OrdinarySequence> sequences, const CancelToken& cancel) override {
    const torch::NoGradGuard no_gradients;
    for (const OrdinarySequence& sequence : sequences) encode(sequence, cancel);
  }

 private:
  void encode(const OrdinarySequence& sequence, const CancelToken& cancel) const {
    const std::int64_t before = sequence.before != nullptr ? sequence.before->tokens() : 0;
    std::vector<std::int64_t> positions(sequence.tokens.size());
    std::iota(positions.begin(), positions.end(), before);
    auto x = model_.embed(sequence.tokens);
    for (int i = 0; i < model_.spec().layers; ++i) {
      cancel.check();
      x = layer(i, x, positions, sequence);
    }
  }

  Tensor layer(int index, const Tensor& x, const std::vector<std::int64_t>& positions,
               const OrdinarySequence& sequence) const {
    const FrozenLayer& weights = model_.layer(index);
    const attention::HeadShape& shape = model_.spec().heads;
    auto qkv = weights.qkv.apply(model_.norm(x, weights.attention_norm));
    if (weights.qkv_bias.defined()) qkv = qkv + weights.qkv_bias;
    const auto parts = split_heads(model_, weights, qkv);
    const RotaryTable table = model_.rotary(positions, index);
    sequence.kv->keys(index).copy_(model_.rotate(parts.keys, table).transpose(0, 1));
    sequence.kv->values(index).copy_(parts.values.transpose(0, 1));
    auto keys = sequence.kv->keys(index);
    auto values = sequence.kv->values(index);
    if (sequence.before != nullptr) {
      keys = torch::cat({sequence.before->keys(index), keys}, 1);
      values = torch::cat({sequence.before->values(index), values}, 1);
    }
    const std::int64_t first = keys.size(1) - x.size(0);
    const auto visible = visible_keys(torch::arange(first, keys.size(1), torch::kLong),
                                      torch::arange(keys.size(1), torch::kLong), model_.spec().window(index))
                             .to(model_.backend().device);
    const auto attended = masked_attention(model_.rotate(parts.queries, table), keys, values, visible,
                                           model_.spec().attention_scale);
    const auto y = weights.out.apply(attended.reshape({x.size(0), std::int64_t{shape.heads} * shape.dim}));
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
