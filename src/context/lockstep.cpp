#include "context/lockstep.h"

#include "base/threads.h"

namespace focusllm::context {

void Lockstep::add(Sequence& sequence, std::span<const std::int32_t> tokens, std::int64_t first_position,
                   Use use, bool candidate_last) {
  const auto count = static_cast<std::int64_t>(tokens.size());
  lanes_.push_back({&sequence, rows_.size(), count, use, {}, {}});
  for (std::int64_t i = 0; i < count; ++i) {
    rows_.add(tokens[static_cast<std::size_t>(i)], first_position + i, use, candidate_last && i + 1 == count);
  }
}

void Lockstep::read(const CancelToken& cancel) {
  rotary_.set_positions(rows_.positions);
  decoder_.read(rows_, *this, cancel);
  rows_.clear();
  lanes_.clear();
}

std::span<const float> Lockstep::forward(const CancelToken& cancel) {
  rotary_.set_positions(rows_.positions);
  const auto hidden = decoder_.forward(rows_, *this, cancel);
  rows_.clear();
  lanes_.clear();
  return hidden;
}

void Lockstep::attend(const model::LayerRows& layer) {
  const float* queries = rotary_.queries(layer);
  const float* keys = rotary_.keys(layer);
  lse_.resize(static_cast<std::size_t>(layer.rows.size() * model().spec().heads.heads));
  parallel_for(static_cast<std::int64_t>(lanes_.size()), [&](std::int64_t i) {
    const Lane& lane = lanes_[static_cast<std::size_t>(i)];
    lane.sequence->store(layer, lane.first_row, lane.rows, keys);
  });
  std::vector<attention::Block> blocks;
  for (Lane& lane : lanes_) blocks.push_back(block_of(layer, lane, queries));
  attention::attend(blocks);
  for (std::size_t i = 0; i < lanes_.size(); ++i) lanes_[i].sequence->attended(layer.layer, blocks[i]);
}

attention::Block Lockstep::block_of(const model::LayerRows& layer, Lane& lane, const float* queries) {
  const model::Spec& spec = model().spec();
  lane.runs.clear();
  lane.sequence->add_runs(layer.layer, lane.runs);
  const std::int64_t window = spec.window(layer.layer);
  const std::int64_t at = lane.first_row * spec.attention_width();
  lane.part = {.queries = queries + at,
               .positions = layer.rows.positions.data() + lane.first_row,
               .visible = window > 0 ? attention::window(window) : attention::kCausal,
               .scale = spec.attention_scale,
               .runs = lane.runs};
  return {.shape = spec.heads,
          .type = lane.sequence->type(),
          .use = lane.use,
          .rows = lane.rows,
          .parts = {&lane.part, 1},
          .out = layer.out + at,
          .lse = lse_.data() + lane.first_row * spec.heads.heads};
}

}  // namespace focusllm::context
