#include "context/sequence.h"

namespace focusllm::context {

void Sequence::attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) {
  store(rows, rows.keys());
  if (rows.keys_only && !noting()) return;
  runs_.clear();
  add_runs(rows.layer, runs_);
  const std::int64_t window = spec_->window(rows.layer);
  part_ = {.queries = rows.queries(),
           .positions = rows.positions,
           .visible = window > 0 ? attention::window(window) : attention::kCausal,
           .scale = spec_->attention_scale,
           .runs = runs_};
  blocks.push_back(rows.block(type(), {&part_, 1}));
}

}  // namespace focusllm::context
