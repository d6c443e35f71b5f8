#include "context/recall/head_keys.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace focusllm::context {
namespace {

constexpr std::int64_t kPage = 4096;  // tokens

}  // namespace

HeadKeys::HeadKeys(std::span<const QueryHead> heads, const attention::HeadShape& shape,
                   attention::KvType type)
    : heads_(key_heads(heads, shape)), query_heads_(heads.size()), dim_(shape.dim) {
  for (const KeyHead& head : heads_) {
    const attention::HeadShape one{static_cast<int>(head.heads.size()), 1, shape.dim};
    keys_.emplace_back(one, type, kPage);
  }
}

void HeadKeys::take(const model::LaneRows& rows) {
  for (std::size_t i = 0; i < heads_.size(); ++i) {
    if (heads_[i].layer == rows.layer)
      keys_[i].append(rows.raw_keys + std::int64_t{heads_[i].kv_head} * dim_, rows.stride, rows.count);
  }
}

void HeadKeys::put_before(const HeadKeys& other, std::int64_t first, std::int64_t place) {
  std::vector<Earlier> all = other.earlier_;
  all.push_back({other.keys_, first, other.tokens() - first});
  all.insert(all.end(), earlier_.begin(), earlier_.end());
  earlier_ = std::move(all);
  place_ = place;
}

void HeadKeys::add_runs(std::size_t key_head, std::int64_t begin, std::int64_t end,
                        std::vector<attention::KvRun>& runs) const {
  // [first, first + count) of all tokens are those of `keys` from `from` on.
  const auto add = [&](const memory::PagedRows& keys, std::int64_t first, std::int64_t count,
                       std::int64_t from) {
    const std::int64_t least = std::max(begin, first), most = std::min(end, first + count);
    if (least < most) memory::add_runs(keys, keys, from + least - first, from + most - first, runs);
  };
  const memory::PagedRows& own = keys_[key_head];
  if (earlier_.empty()) return memory::add_runs(own, own, begin, end, runs);
  add(own, 0, place_, 0);
  std::int64_t first = place_;
  for (const Earlier& one : earlier_) {
    add(one.keys[key_head], first, one.count, one.first);
    first += one.count;
  }
  add(own, first, own.count() - place_, place_);
}

std::int64_t HeadKeys::bytes() const {
  std::int64_t bytes = 0;
  for (const memory::PagedRows& keys : keys_) bytes += keys.bytes();
  for (const Earlier& one : earlier_)
    for (const memory::PagedRows& keys : one.keys) bytes += keys.bytes();
  return bytes;
}

void HeadKeys::save(memory::Saver& saver) const {
  if (!earlier_.empty()) fail("texts that are asked about together are kept each by itself");
  for (const memory::PagedRows& keys : keys_) keys.save(saver);
}

void HeadKeys::load(memory::Loader& loader) {
  for (memory::PagedRows& keys : keys_) keys.load(loader);
}

std::int64_t HeadKeys::bytes_needed(std::size_t key_heads, int dim, attention::KvType type,
                                    std::int64_t tokens) {
  const std::int64_t pages = (tokens + kPage - 1) / kPage;
  return static_cast<std::int64_t>(key_heads) * pages *
         memory::KvLayout({1, 1, dim}, type, kPage).side_bytes();
}

HeadQueries::HeadQueries(const std::vector<KeyHead>& heads, const model::Model& model, std::int64_t distance)
    : heads_(heads), spec_(model.spec()), rotation_(model, std::span(&distance, 1)), queries_(heads.size()) {}

void HeadQueries::take(const model::LaneRows& rows) {
  const auto dim = static_cast<std::size_t>(spec_.heads.dim);
  for (std::size_t i = 0; i < heads_.size(); ++i) {
    const KeyHead& key_head = heads_[i];
    if (key_head.layer != rows.layer) continue;
    for (std::int64_t row = 0; row < rows.count; ++row) {
      for (const int head : key_head.heads) {
        const float* query = rows.raw_queries + row * rows.stride + std::int64_t{head} * spec_.heads.dim;
        queries_[i].resize(queries_[i].size() + dim);
        rotation_.rotate(rows.layer, query, 1, 0, queries_[i].data() + queries_[i].size() - dim);
      }
    }
  }
}

std::int64_t HeadQueries::rows() const {
  if (heads_.empty()) return 0;
  return std::ssize(queries_.front()) / (std::ssize(heads_.front().heads) * spec_.heads.dim);
}

}  // namespace focusllm::context
