#include "memory/block_cache.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"

namespace focusllm::memory {
namespace {

constexpr HeadShape kShape{4, 2, 16};
constexpr std::int64_t kBlock = 6;
constexpr std::int64_t kOrigin = 3;  // of the first block: pages of 8 tokens do not end where blocks do

class Cache : public testing::TestWithParam<KvType> {
 protected:
  Cache() : keys_(kShape, GetParam(), 8), values_(kShape, GetParam(), 8) {
    const std::int64_t width = std::int64_t{kShape.kv_heads} * kShape.dim;
    std::vector<float> rows(static_cast<std::size_t>(kTokens * width));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i % 977) / 7;
    keys_.append(rows.data(), width, kTokens);
    for (float& value : rows) value = -2 * value;
    values_.append(rows.data(), width, kTokens);
  }

  BlockCache make(std::int64_t slots, Eviction eviction = {}) {
    auto file =
        std::make_shared<BlockFile>(testing::TempDir(), BlockCache::record_bytes(kShape, GetParam(), kBlock));
    BlockCache cache(kShape, GetParam(), kBlock, slots, {std::move(file), 1, 2}, eviction);
    for (std::int64_t i = 0; i < kBlocks; ++i) cache.add(keys_, values_, kOrigin + i * kBlock);
    return cache;
  }

  /// Whether the run holds the block's tokens.
  void expect_block(const attention::KvRun& run, std::int64_t block) const {
    EXPECT_EQ(run.position, kOrigin + block * kBlock);
    EXPECT_EQ(run.count, kBlock);
    const std::int64_t row = kShape.dim * element_bytes(GetParam());
    for (std::int64_t token = 0; token < kBlock; ++token) {
      std::vector<attention::KvRun> original;
      add_runs(keys_, values_, run.position + token, run.position + token + 1, original);
      for (std::int64_t head = 0; head < kShape.kv_heads; ++head) {
        const auto same = [&](const void* a, const void* b, std::int64_t width) {
          return std::memcmp(static_cast<const char*>(a) + (head * run.capacity + token) * width,
                             static_cast<const char*>(b) + head * original[0].capacity * width,
                             static_cast<std::size_t>(width)) == 0;
        };
        EXPECT_TRUE(same(run.keys, original[0].keys, row));
        EXPECT_TRUE(same(run.values, original[0].values, row));
        if (GetParam() != KvType::int8) continue;
        EXPECT_TRUE(same(run.key_scales, original[0].key_scales, sizeof(float)));
        EXPECT_TRUE(same(run.value_scales, original[0].value_scales, sizeof(float)));
      }
    }
  }

  /// Fetches and gives how many came from the file.
  std::int64_t fetch(BlockCache& cache, const std::vector<std::int64_t>& blocks) const {
    const std::int64_t before = cache.read();
    std::vector<attention::KvRun> runs;
    cache.fetch(blocks, kOrigin, runs);
    EXPECT_EQ(runs.size(), blocks.size());
    for (std::size_t i = 0; i < blocks.size(); ++i) expect_block(runs[i], blocks[i]);
    return cache.read() - before;
  }

  static constexpr std::int64_t kBlocks = 9, kTokens = kOrigin + kBlocks * kBlock + 1;
  PagedRows keys_, values_;
};

TEST_P(Cache, GivesBlocksAsTheyWere) {
  BlockCache cache = make(3);
  EXPECT_EQ(fetch(cache, {}), 0);
  EXPECT_EQ(fetch(cache, {0, 4, 8}), 3);
  EXPECT_EQ(fetch(cache, {8, 1}), 1);
  EXPECT_EQ(fetch(cache, {0, 1, 2}), 2);  // 0 was chosen longest ago and made room for 1
  EXPECT_EQ(cache.found(), 2);
  const std::int64_t record = KvLayout(kShape, GetParam(), kBlock).bytes(1);
  EXPECT_EQ(cache.file_bytes(), kBlocks * record);
  EXPECT_EQ(cache.bytes(), 3 * record);
}

TEST_P(Cache, ChosenLongestAgoMakesRoom) {
  BlockCache cache = make(3);
  fetch(cache, {0});
  fetch(cache, {1});
  fetch(cache, {2});
  fetch(cache, {0});
  EXPECT_EQ(fetch(cache, {3}), 1);  // in place of 1
  EXPECT_EQ(fetch(cache, {0, 2}), 0);
  EXPECT_EQ(fetch(cache, {1}), 1);
}

TEST_P(Cache, LeastAttendedMakesRoomAndWhatIsChosenStays) {
  BlockCache cache = make(2, {true, 0.5, false});
  const auto look = [&](std::int64_t block, double mass) {
    const std::int64_t read = fetch(cache, {block});
    cache.score(std::vector{block}, std::vector{mass});
    return read;
  };
  look(0, 8);
  look(1, 1);                // 0 has 4 left
  EXPECT_EQ(look(2, 1), 1);  // in place of 1
  EXPECT_EQ(look(0, 0), 0);  // 1 left, and 2 has 0.5
  EXPECT_EQ(look(3, 9), 1);  // in place of 2
  EXPECT_EQ(look(0, 0), 0);
  EXPECT_EQ(fetch(cache, {0, 4}), 1);  // 3 goes, whatever its score: 0 was just chosen
}

TEST_P(Cache, OfficialScoresStartAnewWhenChosenAgain) {
  for (const bool forget : {false, true}) {
    BlockCache cache = make(2, {true, 1, forget});
    const auto look = [&](std::int64_t block, double mass) {
      const std::int64_t read = fetch(cache, {block});
      cache.score(std::vector{block}, std::vector{mass});
      return read;
    };
    look(0, 8);
    look(1, 4);
    look(0, 1);
    look(2, 1);
    EXPECT_EQ(look(1, 0), forget ? 0 : 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Cache, testing::Values(KvType::f32, KvType::bf16, KvType::int8));

TEST(BlockFile, SaysWhatIsWrong) {
  try {
    BlockFile("/no/such/folder", 8);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/folder"), std::string::npos);
  }
  BlockFile file(testing::TempDir(), 8);
  std::vector<std::byte> bytes(8);
  EXPECT_THROW(file.read(0, bytes), Error);
  file.write(2, bytes);
  EXPECT_THROW(file.read(3, bytes), Error);
  EXPECT_NO_THROW(file.read(2, bytes));
  EXPECT_GT(free_disk(testing::TempDir()), 0);
  EXPECT_THROW(free_disk("/no/such/folder"), Error);
}

}  // namespace
}  // namespace focusllm::memory
