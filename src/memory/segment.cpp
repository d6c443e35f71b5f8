#include "memory/segment.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"

namespace focusllm::memory {

Segment::Segment(const KvLayout& layout, int layers, std::shared_ptr<const SegmentKey> key)
    : layout_(layout), layers_(layers), key_(std::move(key)) {}

Segment::Segment(const HeadShape& shape, KvType type, int layers, std::int64_t capacity)
    : Segment(KvLayout(shape, type, capacity), layers, nullptr) {
  const auto buffer = std::make_shared<AlignedBuffer<std::byte>>(static_cast<std::size_t>(bytes()));
  own_ = buffer->data();
  bytes_ = {buffer, own_};
  for (int side = 0; side < 2 * layers; ++side) layout_.clear_gaps(own_ + side * layout_.side_bytes());
}

Segment::Segment(const HeadShape& shape, int layers, SegmentKey key, Isa isa)
    : Segment(shape, key.encoder.kv_type, layers, std::ssize(key.tokens)) {
  isa_ = isa;
  key_ = std::make_shared<const SegmentKey>(std::move(key));
}

std::shared_ptr<const Segment> Segment::encoded(const HeadShape& shape, int layers, SegmentKey key, Isa isa,
                                                std::shared_ptr<const std::byte> bytes) {
  const KvLayout layout(shape, key.encoder.kv_type, std::ssize(key.tokens));
  Segment segment(layout, layers, std::make_shared<const SegmentKey>(std::move(key)));
  segment.isa_ = isa;
  segment.bytes_ = std::move(bytes);
  return std::make_shared<const Segment>(std::move(segment));
}

Segment Segment::copy() const {
  Segment other(shape(), type(), layers_, capacity());
  std::ranges::copy(data(), other.own_);
  return other;
}

void Segment::store(int layer, std::int64_t token, const float* keys, const float* values) {
  std::byte* side = own_ + layout_.bytes(layer);
  layout_.store(keys, token, side);
  layout_.store(values, token, side + layout_.side_bytes());
}

}  // namespace focusllm::memory
