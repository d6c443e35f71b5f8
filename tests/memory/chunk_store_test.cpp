#include "memory/chunk_store.h"

#include <gtest/gtest.h>

namespace focusllm::memory {
namespace {

std::shared_ptr<const Segment> segment(KvType type = KvType::bf16) {
  return std::make_shared<Segment>(HeadShape{2, 1, 16}, type, 1, 4);
}

TEST(ChunkStore, FindsByContentAndType) {
  ChunkStore store(1 << 20);
  const std::vector<std::int32_t> a{1, 2, 3}, b{1, 2, 4}, c{1, 2};
  const auto encoded = segment();
  store.insert(7, a, encoded);
  EXPECT_EQ(store.find(7, a, KvType::bf16), encoded);
  EXPECT_EQ(store.find(7, a, KvType::int8), nullptr);
  EXPECT_EQ(store.find(7, b, KvType::bf16), nullptr);
  EXPECT_EQ(store.find(7, c, KvType::bf16), nullptr);
  EXPECT_EQ(store.find(8, a, KvType::bf16), nullptr);  // another model's
  store.insert(7, a, segment());                       // what is there stays
  EXPECT_EQ(store.find(7, a, KvType::bf16), encoded);
  EXPECT_EQ(store.bytes(), encoded->bytes() + 3 * 4);
}

TEST(ChunkStore, KeepsWhatWasUsedLast) {
  const std::int64_t size = segment()->bytes() + 4;
  ChunkStore store(2 * size);
  const std::vector<std::int32_t> a{1}, b{2}, c{3};
  store.insert(7, a, segment());
  store.insert(7, b, segment());
  EXPECT_NE(store.find(7, a, KvType::bf16), nullptr);
  store.insert(7, c, segment());
  EXPECT_NE(store.find(7, a, KvType::bf16), nullptr);
  EXPECT_EQ(store.find(7, b, KvType::bf16), nullptr);
  EXPECT_NE(store.find(7, c, KvType::bf16), nullptr);
  EXPECT_EQ(store.bytes(), 2 * size);
}

TEST(ChunkStore, OneThatNeverFitsIsNotKept) {
  ChunkStore store(1);
  const std::vector<std::int32_t> a{1};
  store.insert(7, a, segment());
  EXPECT_EQ(store.find(7, a, KvType::bf16), nullptr);
  EXPECT_EQ(store.bytes(), 0);
}

}  // namespace
}  // namespace focusllm::memory
