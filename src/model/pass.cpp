#include "model/pass.h"

namespace focusllm::model {

attention::Block LaneRows::block(attention::KvType type, std::span<const attention::Part> parts) const {
  return {.shape = heads,
          .type = type,
          .isa = isa,
          .backend = backend,
          .use = use,
          .rows = count,
          .parts = parts,
          .out = out,
          .lse = lse};
}

const float* LaneRows::queries(const Rotations& turned, std::int64_t from, int turn) const {
  float* to = query_scratch[turn];
  turned.rotate_rows(layer, raw_queries, stride, heads.heads, from, count, to);
  return to;
}

const float* LaneRows::keys(const Rotations& turned, std::int64_t from) const {
  turned.rotate_rows(layer, raw_keys, stride, heads.kv_heads, from, count, key_scratch);
  return key_scratch;
}

std::size_t Pass::add(Lane& lane, std::span<const std::int32_t> tokens, std::int64_t first_position, Use use,
                      Want want, bool candidate_last) {
  const std::int64_t first = rows_.size();
  const std::int64_t count = std::ssize(tokens);
  const std::int64_t wanted = want == Want::all ? count : want == Want::last ? 1 : 0;
  const int keys = wanted > 0 ? kAllLayers : lane.layers() - 1;
  entries_.push_back(
      {&lane, {first, count}, {wanted_, wanted}, use, wanted > 0 ? kBehindAll : keys, nullptr});
  for (std::int64_t i = 0; i < count; ++i)
    rows_.add(tokens[static_cast<std::size_t>(i)], first_position + i, use,
              i < count - wanted ? keys : kBehindAll);
  wanted_ += wanted;
  if (candidate_last) rows_.candidates.push_back(first + count - 1);
  return entries_.size() - 1;
}

void Pass::take_back(std::size_t entry) {
  if (entry >= entries_.size()) return;
  rows_.cut(entries_[entry].rows.first);
  wanted_ = entries_[entry].wanted.first;
  entries_.resize(entry);
}

void Pass::check(std::size_t entry) const {
  if (entries_[entry].failure) std::rethrow_exception(entries_[entry].failure);
}

std::span<const float> Pass::hidden(std::size_t entry) const {
  const RowRange range = entries_[entry].wanted;
  const std::int64_t width = std::ssize(hidden_) / std::max<std::int64_t>(1, wanted_);
  return hidden_.subspan(static_cast<std::size_t>(range.first * width),
                         static_cast<std::size_t>(range.count * width));
}

void Pass::clear() {
  rows_ = {};
  wanted_ = 0;
  entries_.clear();
  hidden_ = {};
}

}  // namespace focusllm::model
