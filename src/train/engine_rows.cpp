// Ordinary rows through the engine's decoder, many sequences in one pass.
#include <numeric>

#include "attention/attend.h"
#include "context/rotary.h"
#include "model/decoder.h"
#include "train/ordinary_rows.h"

namespace focusllm::train {
namespace {

constexpr std::int64_t kPassRows = 1024;  // enough for the products' peak, few enough for the caches

using attention::KvType;

/// Copies rows of [kv_heads, dim], `stride` floats apart, to [kv_heads, tokens, dim].
void store(const float* rows, std::int64_t stride, torch::Tensor to) {
  const auto from = torch::from_blob(const_cast<float*>(rows), {to.size(0), to.size(1), to.size(2)},
                                     {to.size(2), stride, 1}, torch::kFloat);
  to.copy_(from);
}

class EngineRows final : public OrdinaryRows, private model::AttentionSource {
 public:
  explicit EngineRows(const FrozenModel& model)
      : model_(model), decoder_(model.engine_model()), rotary_(*model.engine_model()) {}

  void encode(std::span<const OrdinarySequence> sequences, const CancelToken& cancel) override {
    std::size_t first = 0;
    while (first < sequences.size()) {
      std::size_t end = first;
      std::int64_t rows = 0;
      do rows += static_cast<std::int64_t>(sequences[end++].tokens.size());
      while (end < sequences.size() &&
             rows + static_cast<std::int64_t>(sequences[end].tokens.size()) <= kPassRows);
      pass(sequences.subspan(first, end - first), cancel);
      first = end;
    }
  }

 private:
  void pass(std::span<const OrdinarySequence> sequences, const CancelToken& cancel) {
    const torch::NoGradGuard no_gradients;
    sequences_ = sequences;
    rows_.clear();
    for (const OrdinarySequence& sequence : sequences) {
      std::int64_t position = sequence.before != nullptr ? sequence.before->tokens() : 0;
      for (const Token token : sequence.tokens) rows_.add(token, position++, Use::read);
    }
    rotary_.set_positions(rows_.positions);
    decoder_.read(rows_, *this, cancel);
  }

  void attend(const model::LayerRows& layer) override {
    const attention::HeadShape& heads = model_.spec().heads;
    const std::int64_t window = model_.spec().window(layer.layer);
    const float* queries = rotary_.queries(layer);
    const float* keys = rotary_.keys(layer);
    runs_.clear();
    runs_.reserve(2 * sequences_.size());
    parts_.clear();
    parts_.reserve(sequences_.size());
    blocks_.clear();
    std::int64_t row = 0;
    for (const OrdinarySequence& sequence : sequences_) {
      const auto count = static_cast<std::int64_t>(sequence.tokens.size());
      const std::int64_t kv_width = std::int64_t{heads.kv_heads} * heads.dim;
      store(keys + row * kv_width, kv_width, sequence.kv->keys(layer.layer));
      store(layer.qkv + row * layer.stride + layer.values, layer.stride, sequence.kv->values(layer.layer));
      const std::size_t first_run = runs_.size();
      const std::int64_t before = sequence.before != nullptr ? sequence.before->tokens() : 0;
      if (before > 0) runs_.push_back(sequence.before->run(layer.layer, 0));
      runs_.push_back(sequence.kv->run(layer.layer, before));
      const std::int64_t at = row * heads.heads;
      parts_.push_back({.queries = queries + at * heads.dim,
                        .positions = layer.rows.positions.data() + row,
                        .visible = window > 0 ? attention::window(window) : attention::kCausal,
                        .scale = model_.spec().attention_scale,
                        .runs = std::span(runs_).subspan(first_run)});
      blocks_.push_back({.shape = heads,
                         .type = model_.backend().kv_type,
                         .rows = count,
                         .parts = {&parts_.back(), 1},
                         .out = layer.out + at * heads.dim});
      row += count;
    }
    attention::attend(blocks_);
  }

  const FrozenModel& model_;
  model::Decoder decoder_;
  context::Rotary rotary_;
  model::Rows rows_;
  std::span<const OrdinarySequence> sequences_;
  std::vector<attention::KvRun> runs_;
  std::vector<attention::Part> parts_;
  std::vector<attention::Block> blocks_;
};

}  // namespace

std::unique_ptr<OrdinaryRows> make_engine_rows(const FrozenModel& model) {
  return std::make_unique<EngineRows>(model);
}

}  // namespace focusllm::train
