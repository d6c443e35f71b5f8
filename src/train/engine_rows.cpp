// Ordinary rows through the engine's passes, many sequences in one.
#include <deque>

#include "model/runner.h"
#include "train/ordinary_rows.h"

namespace focusllm::train {
namespace {

constexpr std::int64_t kPassRows = 1024;  // enough for the products' peak, few enough for the caches

/// Copies rows of [kv_heads, dim], `stride` floats apart, to [kv_heads, tokens, dim].
void store(const float* rows, std::int64_t stride, torch::Tensor to) {
  const auto from = torch::from_blob(const_cast<float*>(rows), {to.size(0), to.size(1), to.size(2)},
                                     {to.size(2), stride, 1}, torch::kFloat);
  to.copy_(from);
}

class SequenceLane final : public model::Lane {
 public:
  SequenceLane(const FrozenModel& model, const OrdinarySequence& sequence)
      : model_(model), sequence_(sequence) {}

  std::int64_t before() const { return sequence_.before != nullptr ? sequence_.before->tokens() : 0; }

  void attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) override {
    const torch::NoGradGuard no_gradients;  // of this thread
    const attention::HeadShape& heads = model_.spec().heads;
    store(rows.keys(), std::int64_t{heads.kv_heads} * heads.dim, sequence_.kv->keys(rows.layer));
    store(rows.values, rows.stride, sequence_.kv->values(rows.layer));
    if (rows.keys_only) return;
    runs_.clear();
    if (before() > 0) runs_.push_back(sequence_.before->run(rows.layer, 0));
    runs_.push_back(sequence_.kv->run(rows.layer, before()));
    const std::int64_t window = model_.spec().window(rows.layer);
    part_ = {.queries = rows.queries(),
             .positions = rows.positions,
             .visible = window > 0 ? attention::window(window) : attention::kCausal,
             .scale = model_.spec().attention_scale,
             .runs = runs_};
    blocks.push_back(rows.block(model_.backend().kv_type, {&part_, 1}));
  }

 private:
  const FrozenModel& model_;
  const OrdinarySequence& sequence_;
  std::vector<attention::KvRun> runs_;  ///< of the layer at hand
  attention::Part part_;
};

class EngineRows final : public OrdinaryRows {
 public:
  explicit EngineRows(const FrozenModel& model) : model_(model), runner_(model.engine_model()) {}

  void encode(std::span<const OrdinarySequence> sequences, const CancelToken& cancel) override {
    while (!sequences.empty()) {
      std::size_t together = 1;
      std::int64_t rows = std::ssize(sequences.front().tokens);
      while (together < sequences.size() && rows + std::ssize(sequences[together].tokens) <= kPassRows)
        rows += std::ssize(sequences[together++].tokens);
      run(sequences.first(together), cancel);
      sequences = sequences.subspan(together);
    }
  }

 private:
  void run(std::span<const OrdinarySequence> sequences, const CancelToken& cancel) {
    std::deque<SequenceLane> lanes;
    model::Pass pass;
    for (const OrdinarySequence& sequence : sequences) {
      const SequenceLane& lane = lanes.emplace_back(model_, sequence);
      pass.add(lanes.back(), sequence.tokens, lane.before(), Use::read, model::Want::nothing);
    }
    runner_.run(pass, [&cancel] { return cancel.cancelled(); });
    for (std::size_t entry = 0; entry < pass.entries(); ++entry) pass.check(entry);
  }

  const FrozenModel& model_;
  model::Runner runner_;
};

}  // namespace

std::unique_ptr<OrdinaryRows> make_engine_rows(const FrozenModel& model) {
  return std::make_unique<EngineRows>(model);
}

}  // namespace focusllm::train
