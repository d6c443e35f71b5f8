#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "memory/content_store.h"
#include "memory/segment.h"

namespace focusllm::context {

/// What a chunk's tail and its candidate follow from.
struct TailKey {
  std::shared_ptr<const memory::SegmentKey> chunk;
  std::uint64_t model = 0;  ///< model::Model::number(): candidates depend on its adapter, chunks do not
  std::vector<std::int32_t> tokens;

  std::string hash() const;
  std::int64_t bytes() const;
  bool operator==(const TailKey& other) const;
};

/// A chunk's tail when its candidate was made: what the next question that ends like this one need not
/// compute.
class EncodedTail {
 public:
  explicit EncodedTail(TailKey key) : key_(std::move(key)) {}

  std::vector<memory::Segment> pages;  ///< of `rows` ordinary rows
  std::int64_t rows = 0;
  std::vector<float> candidate;  ///< [layers, keys and values, kv_heads * dim], keys before rotation

  const TailKey* key() const { return &key_; }
  std::int64_t bytes() const;

 private:
  TailKey key_;
};

/// Tails for sessions of one engine that ask the same behind texts that are mostly the same, as an evaluation
/// does.
class TailStore : public memory::ContentStore<TailKey, EncodedTail> {
 public:
  using ContentStore::ContentStore;
};

}  // namespace focusllm::context
