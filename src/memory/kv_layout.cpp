#include "memory/kv_layout.h"

#include <algorithm>
#include <cstring>

#include "base/ceil_div.h"

namespace focusllm::memory {
namespace {

/// Rows of `width` bytes of each head, `from_rows` rows apart, to a place where they are `to_rows` apart.
void copy_heads(const void* from, std::int64_t from_rows, std::byte* to, std::int64_t to_rows, int heads,
                std::int64_t rows, std::int64_t width) {
  for (int head = 0; head < heads; ++head) {
    std::memcpy(to + head * to_rows * width, static_cast<const std::byte*>(from) + head * from_rows * width,
                static_cast<std::size_t>(rows * width));
  }
}

}  // namespace

std::int64_t KvLayout::aligned(std::int64_t bytes) {
  return ceil_div(bytes, kAlignment) * kAlignment;
}

KvLayout::KvLayout(const HeadShape& shape, KvType type, std::int64_t capacity)
    : shape_(shape),
      type_(type),
      capacity_(capacity),
      head_bytes_(shape.dim * element_bytes(type)),
      scales_offset_(aligned(rows() * head_bytes_)),
      side_bytes_(scales_offset_ + aligned(rows() * scale_bytes(type))) {}

void KvLayout::store(const float* row, std::int64_t token, std::byte* side) const {
  for (int head = 0; head < shape_.kv_heads; ++head) {
    const std::int64_t place = head * capacity_ + token;
    const float scale =
        store_head(type_, row + std::int64_t{head} * shape_.dim, shape_.dim, side + place * head_bytes_);
    if (type_ == KvType::int8) reinterpret_cast<float*>(side + scales_offset_)[place] = scale;
  }
}

void KvLayout::load(const std::byte* side, int kv_head, std::int64_t token, float* out) const {
  const std::int64_t place = kv_head * capacity_ + token;
  const float scale = type_ == KvType::int8 ? *scales(side, place) : 1;
  load_head(type_, side + place * head_bytes_, scale, shape_.dim, out);
}

void KvLayout::copy(const attention::KvRun& run, std::int64_t token, std::byte* keys,
                    std::byte* values) const {
  const auto copy_side = [&](const void* data, const float* scales, std::byte* side) {
    copy_heads(data, run.capacity, side + token * head_bytes_, capacity_, shape_.kv_heads, run.count,
               head_bytes_);
    if (scales == nullptr) return;
    copy_heads(scales, run.capacity, side + scales_offset_ + token * scale_bytes(type_), capacity_,
               shape_.kv_heads, run.count, scale_bytes(type_));
  };
  copy_side(run.keys, run.key_scales, keys);
  copy_side(run.values, run.value_scales, values);
}

void KvLayout::copy_side(const std::byte* from, std::int64_t tokens, std::byte* to) const {
  copy_heads(from, capacity_, to, capacity_, shape_.kv_heads, tokens, head_bytes_);
  if (type_ != KvType::int8) return;
  copy_heads(from + scales_offset_, capacity_, to + scales_offset_, capacity_, shape_.kv_heads, tokens,
             scale_bytes(type_));
}

void KvLayout::clear_gaps(std::byte* side) const {
  std::fill(side + rows() * head_bytes_, side + scales_offset_, std::byte{0});
  std::fill(side + scales_offset_ + rows() * scale_bytes(type_), side + side_bytes_, std::byte{0});
}

}  // namespace focusllm::memory
