#include "context/focus/candidates.h"

#include <algorithm>
#include <numeric>

namespace focusllm::context {

Candidates::Candidates(const model::Model& model, attention::KvType type, std::int64_t count)
    : model_(model),
      memory_(model.spec().heads, type, model.spec().layers, count),
      received_(static_cast<std::size_t>(count)) {
  std::vector<std::int64_t> positions(static_cast<std::size_t>(count));
  std::iota(positions.begin(), positions.end(), 0);
  rotations_ = {model, positions};
}

void Candidates::store(const model::LaneRows& rows, std::int64_t row, std::int64_t index) {
  store(rows.layer, rows.raw_keys + row * rows.stride, rows.values + row * rows.stride, index);
}

void Candidates::store(int layer, const float* key, const float* value, std::int64_t index) {
  const auto& heads = model_.spec().heads;
  std::vector<float> rotated(static_cast<std::size_t>(heads.kv_heads) * static_cast<std::size_t>(heads.dim));
  rotations_.rotate(layer, key, heads.kv_heads, index, rotated.data());
  memory_.store(layer, index, rotated.data(), value);
}

void Candidates::note(int layer, const attention::Block& block) {
  const attention::KvRun runs[] = {run(layer)};
  last_row_shares(block, runs, count(), shares_);
  for (std::size_t i = 0; i < shares_.size(); ++i) received_[i % received_.size()].add(shares_[i]);
}

void Candidates::forget_attention() {
  std::fill(received_.begin(), received_.end(), Received{});
}

std::vector<std::int64_t> Candidates::hardest(std::int64_t wanted) const {
  std::vector<std::int64_t> order(received_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto end = order.begin() + std::min<std::int64_t>(wanted, static_cast<std::int64_t>(order.size()));
  std::partial_sort(order.begin(), end, order.end(), [&](std::int64_t a, std::int64_t b) {
    const double x = received_[static_cast<std::size_t>(a)].focus;
    const double y = received_[static_cast<std::size_t>(b)].focus;
    return x != y ? x > y : a < b;
  });
  order.erase(end, order.end());
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace focusllm::context
