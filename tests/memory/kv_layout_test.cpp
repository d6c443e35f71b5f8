#include "memory/kv_layout.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "base/memory.h"

namespace focusllm::memory {
namespace {

/// A shape, and an odd number of tokens in a side.
class Layouts : public testing::TestWithParam<std::tuple<KvType, HeadShape, std::int64_t>> {
 protected:
  KvType type() const { return std::get<0>(GetParam()); }
  HeadShape shape() const { return std::get<1>(GetParam()); }
  KvLayout layout() const { return {shape(), type(), std::get<2>(GetParam())}; }
  std::vector<float> row(std::int64_t token) const {
    std::vector<float> row(static_cast<std::size_t>(shape().kv_heads * shape().dim));
    for (std::size_t i = 0; i < row.size(); ++i)
      row[i] = static_cast<float>((static_cast<std::size_t>(token) * 31 + i * 7) % 101) / 8 - 6;
    return row;
  }
  /// All tokens stored; what is never written is 0xee.
  AlignedBuffer<std::byte> side(const KvLayout& layout) const {
    AlignedBuffer<std::byte> side(static_cast<std::size_t>(layout.side_bytes()));
    std::fill(side.span().begin(), side.span().end(), std::byte{0xee});
    for (std::int64_t token = 0; token < layout.capacity(); ++token)
      layout.store(row(token).data(), token, side.data());
    return side;
  }
};

TEST_P(Layouts, IsAsDocumented) {
  const KvLayout layout = this->layout();
  const std::int64_t rows = shape().kv_heads * layout.capacity();
  const std::int64_t data = rows * shape().dim * element_bytes(type());
  const std::int64_t scales = type() == KvType::int8 ? 4 * rows : 0;
  EXPECT_EQ(layout.scales_offset(), (data + 63) / 64 * 64);
  EXPECT_EQ(layout.side_bytes(), layout.scales_offset() + (scales + 63) / 64 * 64);
  EXPECT_EQ(layout.bytes(3), 6 * layout.side_bytes());
  const auto side = this->side(layout);
  for (std::int64_t token = 0; token < layout.capacity(); ++token) {
    for (int head = 0; head < shape().kv_heads; ++head) {
      const std::int64_t place = head * layout.capacity() + token;
      std::vector<std::byte> want(static_cast<std::size_t>(shape().dim * element_bytes(type())));
      const float scale =
          store_head(type(), row(token).data() + head * shape().dim, shape().dim, want.data());
      EXPECT_EQ(std::memcmp(side.data() + place * std::ssize(want), want.data(), want.size()), 0);
      if (scales == 0) continue;
      EXPECT_EQ(std::memcmp(side.data() + layout.scales_offset() + 4 * place, &scale, sizeof(scale)), 0);
    }
  }
}

TEST_P(Layouts, ClearsNothingButGaps) {
  const KvLayout layout = this->layout();
  auto side = this->side(layout);
  const auto before = side.copy();
  layout.clear_gaps(side.data());
  std::int64_t cleared = 0;
  for (std::size_t i = 0; i < side.size(); ++i) cleared += side[i] != before[i] ? 1 : 0;
  const std::int64_t gaps = layout.side_bytes() - layout.capacity() * row_bytes(shape(), type());
  EXPECT_EQ(cleared, gaps);
  EXPECT_EQ(
      std::ranges::count(before.span(), std::byte{0xee}) - std::ranges::count(side.span(), std::byte{0xee}),
      gaps);
}

TEST_P(Layouts, RunsAndCopiesHoldTheSameNumbers) {
  const KvLayout layout = this->layout();
  const KvLayout larger(shape(), type(), layout.capacity() + 4);
  const auto keys = side(layout), values = side(layout);
  AlignedBuffer<std::byte> to_keys(static_cast<std::size_t>(larger.side_bytes()));
  AlignedBuffer<std::byte> to_values(to_keys.size());
  const std::int64_t count = layout.capacity() - 1;
  const attention::KvRun run = layout.run(keys.data(), values.data(), 1, count, 70);
  EXPECT_EQ(run.position, 70);
  EXPECT_EQ(run.count, count);
  EXPECT_EQ(run.capacity, layout.capacity());
  EXPECT_EQ(run.key_scales != nullptr, type() == KvType::int8);
  EXPECT_EQ(run.value_scales != nullptr, type() == KvType::int8);
  larger.copy(run, 3, to_keys.data(), to_values.data());
  std::vector<float> got(static_cast<std::size_t>(shape().dim)), want(got.size());
  for (std::int64_t token = 0; token < count; ++token) {
    for (int head = 0; head < shape().kv_heads; ++head) {
      layout.load(keys.data(), head, token + 1, want.data());
      larger.load(to_keys.data(), head, token + 3, got.data());
      EXPECT_EQ(got, want);
      larger.load(to_values.data(), head, token + 3, got.data());
      EXPECT_EQ(got, want);
      double worst = 0;
      for (std::size_t i = 0; i < want.size(); ++i) {
        const double difference =
            std::abs(want[i] - row(token + 1)[static_cast<std::size_t>(head * shape().dim) + i]);
        if (!(difference <= worst)) worst = difference;
      }
      EXPECT_TRUE(worst <= (type() == KvType::f32 ? 0 : type() == KvType::bf16 ? 0.02 : 0.25)) << worst;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Layouts,
                         testing::Combine(testing::Values(KvType::f32, KvType::bf16, KvType::int8),
                                          testing::Values(HeadShape{4, 2, 16}, HeadShape{3, 3, 48},
                                                          HeadShape{8, 1, 64}),
                                          testing::Values(1, 5, 16)));

}  // namespace
}  // namespace focusllm::memory
