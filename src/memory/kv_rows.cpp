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

std::int64_t scale_bytes(KvType type) {
  return type == KvType::int8 ? std::int64_t{sizeof(float)} : 0;
}

std::int64_t row_bytes(const HeadShape& shape, KvType type) {
  return shape.kv_heads * (shape.dim * element_bytes(type) + scale_bytes(type));
}

float store_head(KvType type, const float* row, int dim, std::byte* out) {
  switch (type) {
    case KvType::f32:
      std::memcpy(out, row, static_cast<std::size_t>(dim) * sizeof(float));
      return 1;
    case KvType::bf16:
      store_bf16(row, dim, out);
      return 1;
    case KvType::int8:
      return store_int8(row, dim, out);
  }
  return 1;
}

void load_head(KvType type, const std::byte* data, float scale, int dim, float* out) {
  switch (type) {
    case KvType::f32:
      std::memcpy(out, data, static_cast<std::size_t>(dim) * sizeof(float));
      return;
    case KvType::bf16: {
      const auto* values = reinterpret_cast<const std::uint16_t*>(data);
      for (int i = 0; i < dim; ++i) out[i] = to_float(Bf16{values[i]});
      return;
    }
    case KvType::int8: {
      const auto* values = reinterpret_cast<const std::int8_t*>(data);
      for (int i = 0; i < dim; ++i) out[i] = static_cast<float>(values[i]) * scale;
      attention::gather_heads(out, 1, dim, out);
      return;
    }
  }
}

}  // namespace focusllm::memory
