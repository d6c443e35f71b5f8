#include "memory/segment.h"

namespace focusllm::memory {

Segment::Segment(const HeadShape& shape, KvType type, int layers, std::int64_t capacity)
    : layout_(shape, type, capacity), bytes_(static_cast<std::size_t>(layout_.bytes(layers))) {
  for (int side = 0; side < 2 * layers; ++side)
    layout_.clear_gaps(bytes_.data() + side * layout_.side_bytes());
}

Segment Segment::copy() const {
  return {layout_, bytes_.copy()};
}

void Segment::store(int layer, std::int64_t token, const float* keys, const float* values) {
  std::byte* side = bytes_.data() + layout_.bytes(layer);
  layout_.store(keys, token, side);
  layout_.store(values, token, side + layout_.side_bytes());
}

}  // namespace focusllm::memory
