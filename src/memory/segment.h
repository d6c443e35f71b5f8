#pragma once

#include <cstddef>
#include <cstdint>

#include "attention/partial.h"
#include "base/memory.h"
#include "memory/kv_layout.h"

namespace focusllm::memory {

/// Keys and values of up to `capacity` tokens that were encoded together, in all layers, in one piece of
/// memory (KvLayout). Rows are converted as they come (kv_rows.h). Different layers or tokens may be stored
/// from different threads.
class Segment {
 public:
  Segment(const HeadShape& shape, KvType type, int layers, std::int64_t capacity);

  /// keys and values [kv_heads * dim] of one token.
  void store(int layer, std::int64_t token, const float* keys, const float* values);
  /// The first `count` tokens, at consecutive positions from `position` on. Valid as long as the segment.
  attention::KvRun run(int layer, std::int64_t count, std::int64_t position) const {
    const std::byte* keys = bytes_.data() + layout_.bytes(layer);
    return layout_.run(keys, keys + layout_.side_bytes(), 0, count, position);
  }

  Segment copy() const;

  KvType type() const { return layout_.type(); }
  std::int64_t capacity() const { return layout_.capacity(); }
  std::int64_t bytes() const { return static_cast<std::int64_t>(bytes_.size()); }

 private:
  Segment(const KvLayout& layout, AlignedBuffer<std::byte> bytes)
      : layout_(layout), bytes_(std::move(bytes)) {}

  KvLayout layout_;
  AlignedBuffer<std::byte> bytes_;
};

}  // namespace focusllm::memory
