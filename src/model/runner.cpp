#include "model/runner.h"

#include "base/error.h"
#include "base/threads.h"

namespace focusllm::model {
void Runner::run(Pass& pass, const std::function<bool()>& stop) {
  pass_ = &pass;
  rotations_ = Rotations(model(), pass.rows_.positions);
  size_scratch();
  pass.hidden_ = decoder_.forward(pass.rows_, *this, stop);
}

void Runner::size_scratch() {
  const Spec& spec = model().spec();
  const auto rows = static_cast<std::size_t>(pass_->rows());
  turns_ = 1;
  watched_ = false;
  for (const Pass::Entry& entry : pass_->entries_) {
    turns_ = std::max(turns_, entry.lane->turns());
    watched_ = watched_ || entry.lane->watches();
  }
  queries_.resize(static_cast<std::size_t>(turns_) * rows * static_cast<std::size_t>(spec.attention_width()));
  keys_.resize(rows * static_cast<std::size_t>(spec.heads.kv_heads * spec.heads.dim));
  lse_.resize(rows * static_cast<std::size_t>(spec.heads.heads));
  blocks_.resize(pass_->entries_.size());
}

/// `at`: where its rows stand in the layer.
LaneRows Runner::lane_rows(const LayerRows& layer, const Pass::Entry& entry, std::int64_t at) {
  const Spec& spec = model().spec();
  const std::int64_t first = entry.rows.first;
  const float* qkv = layer.qkv + at * layer.stride;
  LaneRows rows;
  rows.layer = layer.layer;
  rows.count = entry.rows.count;
  rows.use = entry.use;
  rows.keys_only = ends_by(entry.end, layer.layer, spec.layers);
  rows.positions = layer.rows.positions.data() + at;
  rows.raw_queries = qkv;
  rows.raw_keys = qkv + layer.keys;
  rows.values = qkv + layer.values;
  rows.stride = layer.stride;
  rows.out = layer.out + at * spec.attention_width();
  rows.lse = lse_.data() + first * spec.heads.heads;
  rows.heads = spec.heads;
  rows.isa = model().isa();
  rows.backend = backend_;
  rows.rotations = &rotations_;
  rows.first = first;
  for (int turn = 0; turn < turns_; ++turn)
    rows.query_scratch[turn] = queries_.data() + (turn * pass_->rows() + first) * spec.attention_width();
  rows.key_scratch = keys_.data() + first * spec.heads.kv_heads * spec.heads.dim;
  return rows;
}

template <typename Body>
void Runner::for_lanes(const Body& body) {
  parallel_for(static_cast<std::int64_t>(lanes_.size()), [&](std::int64_t i) {
    Pass::Entry& entry = pass_->entries_[static_cast<std::size_t>(i)];
    if (entry.failure || lanes_[static_cast<std::size_t>(i)].count == 0) return;
    try {
      body(static_cast<std::size_t>(i), *entry.lane);
    } catch (...) {
      entry.failure = std::current_exception();
    }
  });
}

void Runner::attend(const LayerRows& layer) {
  lanes_.clear();
  std::int64_t at = 0;
  for (const Pass::Entry& entry : pass_->entries_) {
    const bool ended = layer.layer > 0 && ends_by(entry.end, layer.layer - 1, model().spec().layers);
    lanes_.push_back(ended ? LaneRows{} : lane_rows(layer, entry, at));
    at += lanes_.back().count;
  }
  for (std::vector<attention::Block>& blocks : blocks_) blocks.clear();
  for_lanes([&](std::size_t i, Lane& lane) { lane.attend(lanes_[i], blocks_[i]); });
  attend_blocks();
  if (watched_) {
    for_lanes([&](std::size_t i, Lane& lane) {
      if (!blocks_[i].empty() && lane.watches()) lane.attended(lanes_[i], blocks_[i]);
    });
  }
  const std::int64_t width = model().spec().attention_width();
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (pass_->entries_[i].failure) std::fill_n(lanes_[i].out, lanes_[i].count * width, 0.0F);
  }
}

void Runner::attend_blocks() {
  all_blocks_.clear();
  owners_.clear();
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (pass_->entries_[i].failure) continue;
    all_blocks_.insert(all_blocks_.end(), blocks_[i].begin(), blocks_[i].end());
    owners_.resize(all_blocks_.size(), i);
  }
  failures_.assign(all_blocks_.size(), nullptr);
  attention::attend(all_blocks_, failures_);
  for (std::size_t b = 0; b < failures_.size(); ++b) {
    if (failures_[b]) pass_->entries_[owners_[b]].failure = failures_[b];
  }
}

RowRange Runner::broken(std::int64_t row, const std::string& message) {
  for (Pass::Entry& entry : pass_->entries_) {
    if (row < entry.rows.first || row >= entry.rows.first + entry.rows.count) continue;
    if (!entry.failure) entry.failure = std::make_exception_ptr(Error(message));
    return entry.rows;
  }
  throw Error(message);
}

}  // namespace focusllm::model
