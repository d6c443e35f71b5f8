#pragma once

#include <cstdint>

#include "attention/partial.h"
#include "base/memory.h"
#include "memory/kv_rows.h"

namespace focusllm::memory {

/// Keys and values of up to `capacity` tokens that were encoded together, in all layers, in one piece of
/// memory. Rows are converted as they come (kv_rows.h). Different layers or tokens may be stored from
/// different threads.
class Segment {
 public:
  Segment(HeadShape shape, KvType type, int layers, std::int64_t capacity);

  /// keys and values [kv_heads * dim] of one token.
  void store(int layer, std::int64_t token, const float* keys, const float* values);
  /// The first `count` tokens, at consecutive positions from `position` on. Valid as long as the segment.
  attention::KvRun run(int layer, std::int64_t count, std::int64_t position) const;

  Segment copy() const;

  KvType type() const { return type_; }
  std::int64_t capacity() const { return capacity_; }
  std::int64_t bytes() const;

 private:
  std::int64_t side_bytes() const { return capacity_ * shape_.kv_heads * shape_.dim * element_bytes(type_); }
  std::int64_t side_scales() const { return type_ == KvType::int8 ? capacity_ * shape_.kv_heads : 0; }

  HeadShape shape_;
  KvType type_;
  std::int64_t capacity_;
  AlignedBuffer<std::byte> data_;  ///< [layers, keys and values, kv_heads, capacity, dim]
  AlignedBuffer<float> scales_;    ///< int8: [layers, keys and values, kv_heads, capacity]
};

}  // namespace focusllm::memory
