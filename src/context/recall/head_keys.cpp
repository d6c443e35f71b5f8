#include "context/recall/head_keys.h"

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

std::int64_t HeadKeys::bytes() const {
  std::int64_t bytes = 0;
  for (const memory::PagedRows& keys : keys_) bytes += keys.bytes();
  return bytes;
}

void HeadKeys::save(memory::Saver& saver) const {
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
