#include "memory/segment.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "attention/spread.h"
#include "base/bf16.h"

namespace focusllm::memory {
namespace {

constexpr HeadShape kHeads{4, 2, 16};
constexpr int kLayers = 3;
constexpr std::int64_t kCapacity = 5;

float value_at(int layer, std::int64_t token, bool values, int i) {
  return std::sin(static_cast<float>(layer * 1000 + token * 100 + (values ? 50 : 0) + i));
}

std::vector<float> row_of(int layer, std::int64_t token, bool values) {
  std::vector<float> row(static_cast<std::size_t>(kHeads.kv_heads * kHeads.dim));
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = value_at(layer, token, values, static_cast<int>(i));
  return row;
}

float read(const attention::KvRun& run, KvType type, bool values, std::int64_t token, int i) {
  const std::int64_t place = (i / kHeads.dim) * run.capacity + token;
  const std::int64_t head = place * kHeads.dim;
  const int dim = i % kHeads.dim;
  const void* data = values ? run.values : run.keys;
  if (type == KvType::f32) return static_cast<const float*>(data)[head + dim];
  if (type == KvType::bf16) return to_float(Bf16{static_cast<const std::uint16_t*>(data)[head + dim]});
  float whole[kHeads.dim];
  for (int d = 0; d < kHeads.dim; ++d) {
    whole[d] =
        static_cast<const std::int8_t*>(data)[head + d] * (values ? run.value_scales : run.key_scales)[place];
  }
  attention::gather_heads(whole, 1, kHeads.dim, whole);
  return whole[dim];
}

class Segments : public testing::TestWithParam<KvType> {};

TEST_P(Segments, KeepEveryTokenOfEveryLayer) {
  Segment segment(kHeads, GetParam(), kLayers, kCapacity);
  for (int layer = kLayers - 1; layer >= 0; --layer) {
    for (std::int64_t token = 0; token < kCapacity; ++token) {
      segment.store(layer, token, row_of(layer, token, false).data(), row_of(layer, token, true).data());
    }
  }
  const double tolerance = GetParam() == KvType::f32 ? 0 : GetParam() == KvType::bf16 ? 1.0 / 256 : 1.0 / 60;
  for (int layer = 0; layer < kLayers; ++layer) {
    const attention::KvRun run = segment.run(layer, 3, 7);
    EXPECT_EQ(run.count, 3);
    EXPECT_EQ(run.position, 7);
    EXPECT_EQ(run.capacity, kCapacity);
    for (std::int64_t token = 0; token < kCapacity; ++token) {
      for (const bool values : {false, true}) {
        for (int i = 0; i < kHeads.kv_heads * kHeads.dim; ++i) {
          const double difference =
              std::abs(read(run, GetParam(), values, token, i) - value_at(layer, token, values, i));
          EXPECT_TRUE(difference <= tolerance) << layer << " " << token << " " << i;
        }
      }
    }
  }
  EXPECT_EQ(segment.bytes(), KvLayout(kHeads, GetParam(), kCapacity).bytes(kLayers));
}

INSTANTIATE_TEST_SUITE_P(All, Segments, testing::Values(KvType::f32, KvType::bf16, KvType::int8));

}  // namespace
}  // namespace focusllm::memory
