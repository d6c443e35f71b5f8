#include "memory/kv_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "attention/spread.h"
#include "base/bf16.h"

namespace focusllm::memory {
namespace {

void store_bf16(const float* row, int dim, std::byte* out) {
  auto* target = reinterpret_cast<std::uint16_t*>(out);
  for (int i = 0; i < dim; ++i) target[i] = to_bf16(row[i]).bits;
}

float store_int8(const float* values, int dim, std::byte* out) {
  float row[attention::kMostDim];
  attention::spread_heads(values, 1, dim, row);
  float largest = 0;
  for (int i = 0; i < dim; ++i) largest = std::max(largest, std::abs(row[i]));
  const float scale = largest / 127;
  const float inverse = scale > 0 ? 1 / scale : 0;
  auto* target = reinterpret_cast<std::int8_t*>(out);
  for (int i = 0; i < dim; ++i) target[i] = static_cast<std::int8_t>(std::lrint(row[i] * inverse));
  return scale;
}

}  // namespace

std::int64_t element_bytes(KvType type) {
  switch (type) {
    case KvType::f32:
      return 4;
    case KvType::bf16:
      return 2;
    case KvType::int8:
      return 1;
  }
  return 4;
}

std::int64_t row_bytes(const HeadShape& shape, KvType type) {
  const std::int64_t scales = type == KvType::int8 ? static_cast<std::int64_t>(sizeof(float)) : 0;
  return shape.kv_heads * (shape.dim * element_bytes(type) + scales);
}

void store_row(const HeadShape& shape, KvType type, const float* row, std::int64_t slot,
               std::int64_t capacity, std::byte* data, float* scales) {
  const std::int64_t head_bytes = shape.dim * element_bytes(type);
  for (int head = 0; head < shape.kv_heads; ++head) {
    const std::int64_t place = head * capacity + slot;
    std::byte* target = data + place * head_bytes;
    const float* source = row + std::int64_t{head} * shape.dim;
    switch (type) {
      case KvType::f32:
        std::memcpy(target, source, static_cast<std::size_t>(head_bytes));
        break;
      case KvType::bf16:
        store_bf16(source, shape.dim, target);
        break;
      case KvType::int8:
        scales[place] = store_int8(source, shape.dim, target);
        break;
    }
  }
}

}  // namespace focusllm::memory
