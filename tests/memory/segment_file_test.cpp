#include "memory/segment_file.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "attention/partial.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"

namespace focusllm::memory {
namespace {

constexpr std::size_t kHash = 72, kHashEnd = 104, kHeader = 128;  // as the header says

/// Removed at the end.
class Path {
 public:
  Path() : path_(testing::TempDir() + fmt::format("segment-{}-{}", ::getpid(), counter_++)) {}
  ~Path() { ::unlink(path_.c_str()); }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;
  const std::string& get() const { return path_; }

 private:
  static inline int counter_ = 0;
  std::string path_;
};

SegmentKey key_of(KvType type, std::int64_t tokens) {
  SegmentKey key{{.weights = "0123456789abcdef0123456789abcdef",
                  .spec = "llama, odd",
                  .products = "fib",
                  .kv_type = type,
                  .version = 7},
                 {}};
  for (std::int64_t i = 0; i < tokens; ++i) key.tokens.push_back(static_cast<std::int32_t>(3 * i - 1));
  return key;
}

Segment segment_of(const HeadShape& shape, KvType type, int layers, std::int64_t tokens,
                   Isa isa = default_isa()) {
  Segment segment(shape, layers, key_of(type, tokens), isa);
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0, 1);
  std::vector<float> keys(static_cast<std::size_t>(shape.kv_heads * shape.dim)), values(keys.size());
  for (int layer = 0; layer < layers; ++layer) {
    for (std::int64_t token = 0; token < tokens; ++token) {
      for (float& x : keys) x = normal(random);
      for (float& x : values) x = normal(random);
      segment.store(layer, token, keys.data(), values.data());
    }
  }
  return segment;
}

std::vector<std::byte> bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto bytes = std::as_bytes(std::span(content));
  return {bytes.begin(), bytes.end()};
}

/// A small segment as a file's bytes.
std::vector<std::byte> sample(KvType type = KvType::int8) {
  const Path path;
  write_segment(path.get(), segment_of({2, 1, 16}, type, 2, 3));
  return bytes_of(path.get());
}

/// With the hash that belongs to what the bytes have become.
void rehash(std::vector<std::byte>& file) {
  const std::string hash = content_hash(std::array{std::span<const std::byte>(file).first(kHash),
                                                   std::span<const std::byte>(file).subspan(kHashEnd)});
  std::memcpy(file.data() + kHash, hash.data(), hash.size());
}

/// What all tokens and layers of a segment make of some queries.
std::vector<float> attention_over(const Segment& segment, Isa isa = default_isa()) {
  const HeadShape& shape = segment.shape();
  const std::int64_t rows = 3;
  std::vector<float> queries(static_cast<std::size_t>(rows * shape.heads * shape.dim)), all;
  for (std::size_t i = 0; i < queries.size(); ++i) queries[i] = std::sin(static_cast<float>(i));
  for (int layer = 0; layer < segment.layers(); ++layer) {
    std::vector<float> out(queries.size()), lse(static_cast<std::size_t>(rows * shape.heads));
    const attention::KvRun runs[] = {segment.run(layer, segment.capacity(), 0)};
    attention::partial({.shape = shape,
                        .type = segment.type(),
                        .isa = isa,
                        .scale = 0.25F,
                        .queries = queries.data(),
                        .rows = rows,
                        .runs = runs,
                        .visible = attention::kEverything,
                        .out = out.data(),
                        .lse = lse.data()});
    all.insert(all.end(), out.begin(), out.end());
    all.insert(all.end(), lse.begin(), lse.end());
  }
  return all;
}

/// Whether the bytes are read; in memory of their exact size, so that AddressSanitizer sees a read behind
/// the end.
bool accepted(std::span<const std::byte> bytes) {
  void* memory = nullptr;
  if (::posix_memalign(&memory, KvLayout::kAlignment, bytes.size()) != 0) throw std::bad_alloc();
  const std::shared_ptr<void> owner(memory, std::free);
  std::ranges::copy(bytes, static_cast<std::byte*>(memory));
  try {
    const auto segment = parse_segment({static_cast<std::byte*>(memory), bytes.size()}, owner, "mutant");
    attention_over(*segment);
    EXPECT_FALSE(segment->key()->hash().empty());
    return true;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("mutant: "));
    return false;
  }
}

std::string error_of(std::span<const std::byte> bytes) {
  const Path path;
  std::ofstream(path.get(), std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  try {
    open_segment(path.get());
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(path.get()));
    return error.what();
  }
  return "accepted";
}

class SegmentFiles : public testing::TestWithParam<std::tuple<KvType, HeadShape, std::int64_t>> {};

TEST_P(SegmentFiles, GiveBackWhatWasWritten) {
  const auto& [type, shape, tokens] = GetParam();
  const Segment written = segment_of(shape, type, 3, tokens);
  const Path path;
  write_segment(path.get(), written);
  const auto read = open_segment(path.get());
  EXPECT_EQ(*read->key(), *written.key());
  EXPECT_EQ(read->isa(), default_isa());
  EXPECT_EQ(read->type(), type);
  EXPECT_EQ(read->layers(), 3);
  EXPECT_EQ(read->capacity(), tokens);
  EXPECT_EQ(read->bytes(), written.bytes());
  EXPECT_TRUE(std::ranges::equal(read->data(), written.data()));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(read->data().data()) % KvLayout::kAlignment, 0U);
}

TEST_P(SegmentFiles, AreAttendedToWithTheSameBits) {
  const auto& [type, shape, tokens] = GetParam();
  const Segment written = segment_of(shape, type, 2, tokens);
  const Path path;
  write_segment(path.get(), written);
  const auto read = open_segment(path.get());
  for (const Isa isa : supported_isas()) {
    const auto want = attention_over(written, isa);
    const auto got = attention_over(*read, isa);
    ASSERT_TRUE(std::isfinite(want.front()));
    EXPECT_EQ(std::memcmp(got.data(), want.data(), want.size() * sizeof(float)), 0) << isa_name(isa);
  }
}

TEST_P(SegmentFiles, AreEqualBytesForEqualSegments) {
  const auto& [type, shape, tokens] = GetParam();
  const Path one, other;
  write_segment(one.get(), segment_of(shape, type, 2, tokens));
  {
    AlignedBuffer<std::byte> dirt(static_cast<std::size_t>(KvLayout(shape, type, tokens).bytes(2)));
    std::ranges::fill(dirt.span(), std::byte{0x55});  // what the next one of this size may find
  }
  write_segment(other.get(), segment_of(shape, type, 2, tokens));
  EXPECT_EQ(bytes_of(one.get()), bytes_of(other.get()));
}

INSTANTIATE_TEST_SUITE_P(All, SegmentFiles,
                         testing::Combine(testing::Values(KvType::f32, KvType::bf16, KvType::int8),
                                          testing::Values(HeadShape{4, 2, 16}, HeadShape{3, 3, 48},
                                                          HeadShape{7, 1, 80}),
                                          testing::Values(1, 5, 131)));

TEST(SegmentFile, KnowsTheInstructionSetThatEncodedIt) {
  for (const Isa isa : supported_isas()) {
    const Path path;
    write_segment(path.get(), segment_of({2, 1, 16}, KvType::bf16, 1, 2, isa));
    EXPECT_EQ(open_segment(path.get())->isa(), isa) << isa_name(isa);
  }
}

TEST(SegmentFile, OutlivesItsName) {
  const Path path;
  const Segment written = segment_of({2, 1, 16}, KvType::bf16, 2, 9);
  write_segment(path.get(), written);
  const auto read = open_segment(path.get());
  ::unlink(path.get().c_str());
  EXPECT_EQ(attention_over(*read), attention_over(written));
  EXPECT_EQ(attention_over(read->copy()), attention_over(written));
}

TEST(SegmentFile, IsOfWeightsThatWereHashed) {
  SegmentKey key = key_of(KvType::bf16, 2);
  key.encoder.weights.clear();
  key.encoder.model_number = 3;
  const Path path;
  EXPECT_THROW(write_segment(path.get(), Segment({2, 1, 16}, 1, key)), Error);
  EXPECT_THROW(open_segment(path.get()), Error);  // nothing was left there
}

TEST(SegmentFile, SaysWhatIsWrong) {
  using testing::HasSubstr;
  const auto good = sample();
  EXPECT_EQ(error_of(good), "accepted");
  EXPECT_THAT(error_of(std::span(good).first(kHeader - 1)), HasSubstr("fewer than a header"));
  EXPECT_THAT(error_of(std::span(good).first(good.size() - 1)), HasSubstr("cut off"));
  const auto changed = [&](std::size_t at, std::uint32_t value) {
    auto file = good;
    std::memcpy(file.data() + at, &value, sizeof(value));
    return error_of(file);
  };
  EXPECT_THAT(changed(0, 0x46554747), HasSubstr("begins with something else"));
  EXPECT_THAT(changed(8, 2), HasSubstr("version 2 of the format; this program reads 1"));
  EXPECT_THAT(changed(16, 3), HasSubstr("number type"));
  EXPECT_THAT(changed(20, 0), HasSubstr("query heads"));
  EXPECT_THAT(changed(24, 0), HasSubstr("0 key/value heads"));
  EXPECT_THAT(changed(28, 520), HasSubstr("elements in a head"));
  EXPECT_THAT(changed(28, 24), HasSubstr("no shape of attention"));
  EXPECT_THAT(changed(32, 0), HasSubstr("0 layers"));
  EXPECT_THAT(changed(32, 1 << 16), HasSubstr("not as many as its header says"));
  EXPECT_THAT(changed(48, 0), HasSubstr("0 tokens"));
  EXPECT_THAT(changed(good.size() - 80, 1), HasSubstr("hash"));
  EXPECT_THROW(open_segment("/no/such/segment"), Error);
}

TEST(SegmentFile, EveryByteCounts) {
  for (const KvType type : {KvType::f32, KvType::bf16, KvType::int8}) {
    const auto good = sample(type);
    ASSERT_TRUE(accepted(good));
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff, static_cast<int>(good[at]) ^ 0x10}) {
        auto file = good;
        file[at] = static_cast<std::byte>(value);
        if (file == good) continue;
        ASSERT_FALSE(accepted(file)) << "byte " << at << " as " << value;
      }
    }
  }
}

TEST(SegmentFile, EveryPrefixIsRejected) {
  const auto good = sample();
  for (std::size_t size = 1; size < good.size(); ++size)
    ASSERT_FALSE(accepted(std::span(good).first(size))) << size << " of " << good.size();
  auto longer = good;
  longer.resize(good.size() + 64);
  rehash(longer);
  EXPECT_FALSE(accepted(longer));
}

TEST(SegmentFile, HostileNumbersUnderAHashThatFitsAreReadOrRejected) {
  const auto good = sample();
  auto same = good;
  rehash(same);
  ASSERT_EQ(same, good);
  const auto mutate = [&](std::size_t at, std::uint64_t value, std::size_t width) {
    auto file = good;
    std::memcpy(file.data() + at, &value, width);
    rehash(file);
    accepted(file);
  };
  for (std::size_t at = 0; at < kHeader; ++at) {
    for (const int value : {0x00, 0x01, 0x02, 0x10, 0x7f, 0x80, 0xff})
      mutate(at, static_cast<std::uint64_t>(value), 1);
    if (at + 8 > kHeader) continue;
    for (const std::size_t width : {4, 8}) {
      for (int bit = 0; bit < 64; ++bit) {
        mutate(at, std::uint64_t{1} << bit, width);
        mutate(at, (std::uint64_t{1} << bit) - 1, width);
        mutate(at, ~((std::uint64_t{1} << bit) - 1), width);
      }
    }
  }
}

TEST(SegmentFile, RandomChangesUnderAHashThatFitsAreReadOrRejected) {
  const auto good = sample();
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    auto file = good;
    for (std::size_t i = 0; i < 1 + random() % 6; ++i)
      file[random() % (kHeader + 64)] ^= static_cast<std::byte>(1U << (random() % 8));
    if (random() % 4 == 0) file.resize(kHashEnd + random() % (file.size() - kHashEnd));
    rehash(file);
    accepted(file);
  }
}

}  // namespace
}  // namespace focusllm::memory
