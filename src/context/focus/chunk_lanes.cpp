#include "context/focus/chunk_lanes.h"

#include <algorithm>
#include <numeric>

namespace focusllm::context {
namespace {

constexpr std::int64_t kPassage = 64;  // tokens whose attention is noted together; two of them are cited
constexpr std::int64_t kSinks = 4;     // first tokens, which heads look at that look for nothing

}  // namespace

void ChunkText::store(const model::LaneRows& rows, const float* keys) {
  const std::int64_t begin = rows.positions[0];
  for (std::int64_t row = 0; row < rows.count; ++row)
    segment_.store(rows.layer, begin + row, keys + row * key_width(), rows.values + row * rows.stride);
  end_ = begin + rows.count;
}

void ChunkText::add_runs(int layer, std::vector<attention::KvRun>& runs) const {
  runs.push_back(segment_.run(layer, end_, 0));
}

void ChunkTail::prepare(Candidates& candidates, std::int64_t rows, bool ends, std::int64_t page) {
  candidates_ = &candidates;
  rows_ = rows;
  ends_ = ends;
  while (static_cast<std::int64_t>(pages_.size()) * page < tail_ + rows) {
    pages_.emplace_back(spec().heads, encoded_->type(), spec().layers, page);
  }
}

void ChunkTail::settle() {
  tail_ += ends_ ? rows_ - 1 : rows_;
  has_tail_ = has_tail_ || ends_;
}

void ChunkTail::keep_candidate(TailKey key) {
  kept_.emplace(std::move(key));
  kept_->candidate.resize(static_cast<std::size_t>(2 * spec().layers * key_width()));
}

void ChunkTail::keep(const model::LaneRows& rows, std::int64_t row) {
  float* to = kept_->candidate.data() + 2 * rows.layer * key_width();
  std::copy_n(rows.raw_keys + row * rows.stride, key_width(), to);
  std::copy_n(rows.values + row * rows.stride, key_width(), to + key_width());
}

std::shared_ptr<const EncodedTail> ChunkTail::encoded() {
  if (!kept_ || !ends_) return nullptr;
  const auto tail = std::make_shared<EncodedTail>(std::move(*kept_));
  kept_.reset();
  tail->rows = tail_;
  for (const memory::Segment& page : pages_) tail->pages.push_back(page.copy());
  return tail;
}

void ChunkTail::adopt(const EncodedTail& known, Candidates& candidates) {
  pages_.clear();
  for (const memory::Segment& page : known.pages) pages_.push_back(page.copy());
  tail_ = known.rows;
  has_tail_ = true;
  const auto layers = static_cast<std::int64_t>(candidates.layers());
  const std::int64_t width = std::ssize(known.candidate) / (2 * layers);
  for (int layer = 0; layer < layers; ++layer) {
    const float* key = known.candidate.data() + 2 * layer * width;
    for (const std::int64_t place : places_) candidates.store(layer, key, key + width, place);
  }
}

std::int64_t ChunkTail::bytes() const {
  std::int64_t bytes = 0;
  for (const memory::Segment& page : pages_) bytes += page.bytes();
  return bytes;
}

void ChunkTail::store(const model::LaneRows& rows, const float* keys) {
  const std::int64_t page = pages_.front().capacity();
  for (std::int64_t row = 0; row < rows.count; ++row) {
    const std::int64_t token = tail_ + row;
    pages_[static_cast<std::size_t>(token / page)].store(rows.layer, token % page, keys + row * key_width(),
                                                         rows.values + row * rows.stride);
  }
  if (!ends_) return;
  for (const std::int64_t place : places_) candidates_->store(rows, rows.count - 1, place);
  if (kept_) keep(rows, rows.count - 1);
}

void ChunkTail::add_runs(int layer, std::vector<attention::KvRun>& runs) const {
  runs.push_back(encoded_->run(layer, chunk_tokens(), 0));
  std::int64_t left = tail_ + rows_;
  std::int64_t position = chunk_tokens();
  for (const memory::Segment& page : pages_) {
    const std::int64_t count = std::min(left, page.capacity());
    if (count <= 0) break;
    runs.push_back(page.run(layer, count, position));
    position += count;
    left -= count;
  }
}

void ChunkTail::attended(const model::LaneRows& rows, std::span<const attention::Block> blocks) {
  const attention::Block& block = blocks.front();
  // A layer with a sliding window sees the end of the chunk only.
  if (!noting() || block.parts.front().visible.max != attention::kCausal.max) return;
  const std::int64_t keys = chunk_tokens();
  const attention::KvRun runs[] = {encoded_->run(rows.layer, keys, 0)};
  std::vector<float> shares;
  last_row_shares(block, runs, keys, shares);
  received_.resize(static_cast<std::size_t>((keys + kPassage - 1) / kPassage));
  for (std::int64_t head = 0; head < block.shape.heads; ++head) {
    const auto of_head =
        std::span(shares).subspan(static_cast<std::size_t>(head * keys), static_cast<std::size_t>(keys));
    for (std::int64_t begin = kSinks; begin < keys;) {
      const std::int64_t passage = begin / kPassage;
      const std::int64_t end = std::min((passage + 1) * kPassage, keys);
      received_[static_cast<std::size_t>(passage)].add(
          std::accumulate(of_head.begin() + begin, of_head.begin() + end, 0.0));
      begin = end;
    }
  }
}

Passage ChunkTail::hardest() const {
  const auto passages = std::ssize(received_);
  const std::int64_t together = std::min<std::int64_t>(2, passages);
  if (together == 0) return {0, chunk_tokens()};
  const auto focus = [&](std::int64_t first) {
    const auto from = received_.begin() + first;
    return std::accumulate(from, from + together, 0.0,
                           [](double sum, const Received& r) { return sum + r.focus; });
  };
  std::int64_t best = 0;
  for (std::int64_t first = 1; first + together <= passages; ++first) {
    if (focus(first) > focus(best)) best = first;
  }
  const std::int64_t first = best * kPassage;
  return {first, std::min(together * kPassage, chunk_tokens() - first)};
}

LocalWindow::LocalWindow(const model::Spec& spec, attention::KvType type) : Sequence(spec) {
  for (int i = 0; i < spec.layers; ++i) {
    layers_.push_back(
        {memory::PagedRows(spec.heads, type, kPage), memory::PagedRows(spec.heads, type, kPage)});
  }
}

void LocalWindow::clear() {
  for (Layer& layer : layers_) {
    layer.keys = memory::PagedRows(layer.keys.shape(), layer.keys.type(), kPage);
    layer.values = memory::PagedRows(layer.values.shape(), layer.values.type(), kPage);
  }
}

std::int64_t LocalWindow::bytes() const {
  std::int64_t bytes = 0;
  for (const Layer& layer : layers_) bytes += layer.keys.bytes() + layer.values.bytes();
  return bytes;
}

void LocalWindow::store(const model::LaneRows& rows, const float* keys) {
  Layer& state = layers_[static_cast<std::size_t>(rows.layer)];
  state.keys.append(keys, key_width(), rows.count);
  state.values.append(rows.values, rows.stride, rows.count);
}

void LocalWindow::add_runs(int layer, std::vector<attention::KvRun>& runs) const {
  const Layer& state = layers_[static_cast<std::size_t>(layer)];
  const std::int64_t candidates = candidates_ == nullptr ? 0 : candidates_->count();
  if (candidates > 0) runs.push_back(candidates_->run(layer));
  const std::size_t own = runs.size();
  memory::add_runs(state.keys, state.values, 0, state.keys.count(), runs);
  for (std::size_t i = own; i < runs.size(); ++i) runs[i].position += candidates;
}

void LocalWindow::attended(const model::LaneRows& rows, std::span<const attention::Block> blocks) {
  if (noting_ && candidates_ != nullptr) candidates_->note(rows.layer, blocks.front());
}

}  // namespace focusllm::context
