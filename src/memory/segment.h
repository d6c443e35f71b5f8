#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "attention/partial.h"
#include "base/cpu.h"
#include "memory/kv_layout.h"
#include "memory/segment_key.h"

namespace focusllm::memory {

/// Keys and values of up to `capacity` tokens that were encoded together, in all layers, in one piece of
/// memory (KvLayout): on the heap, or where somebody else keeps it, as a mapped file. Does not change once
/// it is encoded. Until then rows are converted as they come (kv_rows.h); different layers or tokens may be
/// stored from different threads.
class Segment {
 public:
  Segment(const HeadShape& shape, KvType type, int layers, std::int64_t capacity);
  /// Of exactly these tokens, by which others may find it, encoded with the kernels of `isa`.
  Segment(const HeadShape& shape, int layers, SegmentKey key, Isa isa = default_isa());
  /// One that was encoded before, with the kernels of `isa`: its bytes, which begin at a multiple of
  /// KvLayout::kAlignment, and who keeps them.
  static std::shared_ptr<const Segment> encoded(const HeadShape& shape, int layers, SegmentKey key, Isa isa,
                                                std::shared_ptr<const std::byte> bytes);
  Segment(Segment&&) noexcept = default;
  Segment& operator=(Segment&&) noexcept = default;
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  ~Segment() = default;

  /// keys and values [kv_heads * dim] of one token.
  void store(int layer, std::int64_t token, const float* keys, const float* values);
  /// The first `count` tokens, at consecutive positions from `position` on. Valid as long as the segment.
  attention::KvRun run(int layer, std::int64_t count, std::int64_t position) const {
    const std::byte* keys = bytes_.get() + layout_.bytes(layer);
    return layout_.run(keys, keys + layout_.side_bytes(), 0, count, position);
  }
  /// On the heap, to be stored into; without a key.
  Segment copy() const;

  KvType type() const { return layout_.type(); }
  const HeadShape& shape() const { return layout_.shape(); }
  int layers() const { return layers_; }
  std::int64_t capacity() const { return layout_.capacity(); }
  std::int64_t bytes() const { return layout_.bytes(layers_); }
  /// All layers, as KvLayout lays them out.
  std::span<const std::byte> data() const { return {bytes_.get(), static_cast<std::size_t>(bytes())}; }
  /// What it is the encoding of, or null.
  const std::shared_ptr<const SegmentKey>& key() const { return key_; }
  /// Whose kernels encoded it: others round in other places.
  Isa isa() const { return isa_; }

 private:
  Segment(const KvLayout& layout, int layers, std::shared_ptr<const SegmentKey> key);

  KvLayout layout_;
  int layers_;
  Isa isa_ = default_isa();
  std::shared_ptr<const SegmentKey> key_;
  std::shared_ptr<const std::byte> bytes_;
  std::byte* own_ = nullptr;  ///< the same bytes where they are this segment's to store into
};

}  // namespace focusllm::memory
