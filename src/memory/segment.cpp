#include "memory/segment.h"

namespace focusllm::memory {

Segment::Segment(HeadShape shape, KvType type, int layers, std::int64_t capacity)
    : shape_(shape), type_(type), capacity_(capacity) {
  data_.resize(static_cast<std::size_t>(2 * layers * side_bytes()));
  scales_.resize(static_cast<std::size_t>(2 * layers * side_scales()));
}

Segment Segment::copy() const {
  Segment other(shape_, type_, 0, capacity_);
  other.data_ = data_.copy();
  other.scales_ = scales_.copy();
  return other;
}

void Segment::store(int layer, std::int64_t token, const float* keys, const float* values) {
  for (int side = 0; side < 2; ++side) {
    const std::int64_t index = 2 * layer + side;
    store_row(shape_, type_, side == 0 ? keys : values, token, capacity_, data_.data() + index * side_bytes(),
              scales_.data() + index * side_scales());
  }
}

attention::KvRun Segment::run(int layer, std::int64_t count, std::int64_t position) const {
  const std::int64_t index = 2 * layer;
  const bool scaled = type_ == KvType::int8;
  const float* scales = scales_.data() + index * side_scales();
  return {data_.data() + index * side_bytes(),
          data_.data() + (index + 1) * side_bytes(),
          scaled ? scales : nullptr,
          scaled ? scales + side_scales() : nullptr,
          capacity_,
          count,
          position};
}

std::int64_t Segment::bytes() const {
  return static_cast<std::int64_t>(data_.size() + scales_.size() * sizeof(float));
}

}  // namespace focusllm::memory
