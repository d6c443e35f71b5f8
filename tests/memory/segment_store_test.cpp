#include "memory/segment_store.h"

#include <atomic>
#include <functional>
#include <random>
#include <thread>

#include <gtest/gtest.h>

namespace focusllm::memory {
namespace {

using Tokens = std::vector<std::int32_t>;

SegmentKey key_of(Tokens tokens, KvType type = KvType::bf16) {
  return {{.weights = "abc", .spec = "rope", .products = "bb", .kv_type = type, .version = 1},
          std::move(tokens)};
}

std::shared_ptr<const Segment> segment_of(SegmentKey key) {
  return std::make_shared<Segment>(HeadShape{2, 1, 16}, 1, std::move(key));
}

/// What the store counts for a segment.
std::int64_t size_of(const Segment& segment) {
  return segment.bytes() + segment.key()->bytes();
}

TEST(SegmentStore, FindsWhatIsEqualInAllParts) {
  SegmentStore store(1 << 20);
  SegmentKey key = key_of({1, 2, 3});
  key.encoder.model_number = 4;
  const auto encoded = segment_of(key);
  store.insert(encoded);
  EXPECT_EQ(store.find(key), encoded);
  const std::function<void(SegmentKey&)> changes[] = {
      [](SegmentKey& other) {
        other.tokens = {1, 2, 4};
      },
      [](SegmentKey& other) {
        other.tokens = {1, 2};
      },
      [](SegmentKey& other) { other.encoder.weights = "abd"; },
      [](SegmentKey& other) { other.encoder.model_number = 5; },
      [](SegmentKey& other) { other.encoder.spec = "rope 2"; },
      [](SegmentKey& other) { other.encoder.products = "bi"; },
      [](SegmentKey& other) { other.encoder.kv_type = KvType::int8; },
      [](SegmentKey& other) { other.encoder.version = 2; },
      [](SegmentKey& other) {  // the same letters
        other.encoder.weights = "ab";
        other.encoder.spec = "crope";
      }};
  for (const auto& change : changes) {
    SegmentKey other = key;
    change(other);
    EXPECT_EQ(store.find(other), nullptr);
  }
  store.insert(segment_of(key));  // what is there stays
  EXPECT_EQ(store.find(key), encoded);
  EXPECT_EQ(store.bytes(), size_of(*encoded));
  EXPECT_GE(encoded->key()->bytes(), 3 * 4);
}

TEST(SegmentStore, KeepsWhatWasUsedLast) {
  const std::int64_t size = size_of(*segment_of(key_of({1})));
  SegmentStore store(2 * size);
  store.insert(segment_of(key_of({1})));
  store.insert(segment_of(key_of({2})));
  EXPECT_NE(store.find(key_of({1})), nullptr);
  store.insert(segment_of(key_of({3})));
  EXPECT_NE(store.find(key_of({1})), nullptr);
  EXPECT_EQ(store.find(key_of({2})), nullptr);
  EXPECT_NE(store.find(key_of({3})), nullptr);
  EXPECT_EQ(store.bytes(), 2 * size);
}

TEST(SegmentStore, OneThatIsLargerThanAllIsNotHeldAndTakesNoOthersPlace) {
  const auto small = segment_of(key_of({1}));
  SegmentStore store(size_of(*small) + 3);
  store.insert(small);
  store.insert(segment_of(key_of({1, 2, 3, 4, 5, 6, 7, 8})));
  EXPECT_EQ(store.find(key_of({1, 2, 3, 4, 5, 6, 7, 8})), nullptr);
  EXPECT_EQ(store.find(key_of({1})), small);
  EXPECT_EQ(store.bytes(), size_of(*small));
  // A byte of its key is missing.
  SegmentStore less(size_of(*small) - 1);
  less.insert(small);
  EXPECT_EQ(less.bytes(), 0);
}

TEST(SegmentStore, KnowsWhatOthersHold) {
  SegmentStore store(0);
  auto held = segment_of(key_of({1}));
  const std::int64_t size = size_of(*held);
  store.insert(held);
  EXPECT_EQ(store.bytes(), 0);
  EXPECT_EQ(store.bytes_in_use(), size);
  EXPECT_EQ(store.find(key_of({1})), held);
  held.reset();
  EXPECT_EQ(store.find(key_of({1})), nullptr);
  EXPECT_EQ(store.bytes_in_use(), 0);
  held = segment_of(key_of({1}));
  store.insert(held);  // in the place of the one that went
  EXPECT_EQ(store.find(key_of({1})), held);
}

TEST(SegmentStore, HoldsAgainWhatIsUsedAgain) {
  const auto held = segment_of(key_of({1}));
  SegmentStore store(size_of(*held));
  store.insert(held);
  store.insert(segment_of(key_of({2})));
  EXPECT_EQ(store.bytes_in_use(), 2 * store.bytes());
  EXPECT_EQ(store.find(key_of({1})), held);
  EXPECT_EQ(store.bytes(), size_of(*held));
  EXPECT_EQ(store.bytes_in_use(), store.bytes());  // nobody holds the other one
  EXPECT_EQ(store.find(key_of({2})), nullptr);
}

/// A value that counts the bytes of all that are there.
class Counted {
 public:
  struct Key {
    int id;
    std::string hash() const { return std::to_string(id % 7); }  // many share one
    std::int64_t bytes() const { return 8; }
    bool operator==(const Key&) const = default;
  };
  Counted(int id, std::int64_t bytes, std::atomic<std::int64_t>& total)
      : key_{id}, bytes_(bytes), total_(total) {
    total_ += bytes_ + key_.bytes();
  }
  ~Counted() { total_ -= bytes_ + key_.bytes(); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  const Key* key() const { return &key_; }
  std::int64_t bytes() const { return bytes_; }

 private:
  Key key_;
  std::int64_t bytes_;
  std::atomic<std::int64_t>& total_;
};

TEST(ContentStore, KeepsItsLimitWithManyThreads) {
  constexpr std::int64_t kLimit = 5000, kLargest = 6000;
  constexpr int kThreads = 6;
  std::atomic<std::int64_t> total{0};
  {
    ContentStore<Counted::Key, Counted> store(kLimit);
    const auto use = [&](int thread) {
      std::mt19937 random(static_cast<unsigned>(thread));
      for (int round = 0; round < 3000; ++round) {
        const int id = static_cast<int>(random() % 50);
        auto value = store.find({id});
        if (value) {
          EXPECT_EQ(value->key()->id, id);
        } else {
          value = std::make_shared<Counted>(id, static_cast<std::int64_t>(random() % kLargest), total);
          store.insert(value);
        }
        EXPECT_LE(store.bytes(), kLimit);
        EXPECT_LE(total, kLimit + kThreads * (kLargest + 8));  // what is held, and one in each thread's hands
      }
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) threads.emplace_back(use, thread);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(total, store.bytes());
    EXPECT_EQ(total, store.bytes_in_use());
    EXPECT_GT(total, 0);
  }
  EXPECT_EQ(total, 0);
}

}  // namespace
}  // namespace focusllm::memory
