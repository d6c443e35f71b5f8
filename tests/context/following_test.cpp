// Where another version of a text is cut: at the borders of the first one, but for the place that changed.

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "context/focus/chunker.h"

namespace focusllm::test {
namespace {

using context::Chunker;
using context::TextChunk;
using Text = std::vector<std::int32_t>;

/// What reading a text cuts, its end left to the question.
std::vector<TextChunk> read(Chunker& chunker, const Text& text, std::size_t piece) {
  std::vector<TextChunk> chunks;
  const auto add = [&](std::vector<TextChunk> more) {
    chunks.insert(chunks.end(), more.begin(), more.end());
  };
  for (std::size_t first = 0; first < text.size(); first += piece) {
    chunker.append(std::span(text).subspan(first, std::min(piece, text.size() - first)));
    add(chunker.take(chunker.certain()));
  }
  add(chunker.end_following());
  add(chunker.take(chunker.certain()));
  return chunks;
}

std::vector<Text> tokens_of(const std::vector<TextChunk>& chunks) {
  std::vector<Text> all;
  for (const TextChunk& chunk : chunks) all.push_back(chunk.tokens);
  return all;
}

std::vector<TextChunk> cut(const Text& text, const Chunker::Sizes& sizes) {
  Chunker chunker(sizes);
  return read(chunker, text, 1000);
}

std::vector<TextChunk> cut_like(const std::vector<TextChunk>& before, const Text& text,
                                const Chunker::Sizes& sizes, std::size_t piece = 1000) {
  Chunker chunker(sizes);
  chunker.follow(tokens_of(before));
  return read(chunker, text, piece);
}

/// A version of a text, and the range of it that is another, with a token on either side; and the same range
/// of the text before.
struct Version {
  Text text;
  std::int64_t begin = 0, end = 0, end_before = 0;
};

Version replaced(const Text& text, std::int64_t at, std::int64_t removed, const Text& inserted) {
  Version version{text, std::max<std::int64_t>(0, at - 1), at + std::ssize(inserted) + 1, at + removed + 1};
  const auto place = version.text.erase(version.text.begin() + at, version.text.begin() + at + removed);
  version.text.insert(place, inserted.begin(), inserted.end());
  return version;
}

Text numbers(std::int64_t tokens, std::int32_t first) {
  Text text(static_cast<std::size_t>(tokens));
  std::iota(text.begin(), text.end(), first);
  return text;
}

Text periodic(std::int64_t tokens, std::int32_t period) {
  Text text = numbers(tokens, 0);
  for (std::int32_t& token : text) token %= period;
  return text;
}

/// Every token before the window is in a chunk, in order; each chunk repeats the end of the one before, and
/// none but those at a change is shorter than others.
void expect_whole(const std::vector<TextChunk>& chunks, const Text& text, const Chunker::Sizes& sizes) {
  std::int64_t end = 0;
  for (const TextChunk& chunk : chunks) {
    ASSERT_EQ(chunk.first, end == 0 ? 0 : end - sizes.overlap);
    ASSERT_LE(std::ssize(chunk.tokens), sizes.chunk);
    ASSERT_GE(2 * (std::ssize(chunk.tokens) - sizes.overlap), sizes.chunk - sizes.overlap);
    end = chunk.first + std::ssize(chunk.tokens);
    ASSERT_LE(end, std::ssize(text) - sizes.local);
    ASSERT_TRUE(std::equal(chunk.tokens.begin(), chunk.tokens.end(), text.begin() + chunk.first));
  }
  ASSERT_LT(std::ssize(text) - end, 2 * sizes.chunk + sizes.local);
}

std::int64_t in_range(const std::vector<TextChunk>& chunks, std::int64_t begin, std::int64_t end) {
  return std::ranges::count_if(chunks, [&](const TextChunk& chunk) {
    return chunk.first < end && begin < chunk.first + std::ssize(chunk.tokens);
  });
}

struct Cost {
  std::int64_t fresh = 0;    ///< chunks that are not among those before
  std::int64_t touched = 0;  ///< chunks that the change stands in, before or now, whichever are more
};

Cost cost(const std::vector<TextChunk>& before, const std::vector<TextChunk>& after, const Version& version) {
  const auto old = tokens_of(before);
  std::set<Text> known(old.begin(), old.end());
  Cost cost;
  for (const TextChunk& chunk : after) cost.fresh += known.insert(chunk.tokens).second ? 1 : 0;
  cost.touched = std::max(in_range(before, version.begin, version.end_before),
                          in_range(after, version.begin, version.end));
  return cost;
}

constexpr Chunker::Sizes kSizes{.chunk = 64, .overlap = 8, .local = 20};

/// Insertions, deletions and replacements of many sizes all over a text.
void expect_cheap_changes(const Text& text, const Text& other) {
  const auto before = cut(text, kSizes);
  for (std::int64_t at = 0; at <= std::ssize(text); at += 13) {
    for (const std::int64_t removed : {0, 1, 7, 56, 64, 150}) {
      for (const std::int64_t inserted : {0, 1, 5, 31, 56, 61, 112, 400}) {
        if (removed + inserted == 0 || at + removed > std::ssize(text)) continue;
        const Version version = replaced(text, at, removed, Text(other.begin(), other.begin() + inserted));
        const auto after = cut_like(before, version.text, kSizes);
        SCOPED_TRACE(testing::Message() << inserted << " in the place of " << removed << " at " << at);
        expect_whole(after, version.text, kSizes);
        const Cost found = cost(before, after, version);
        ASSERT_LE(found.fresh, found.touched + 2);
      }
    }
  }
}

TEST(Following, CostsTheChunksThatAChangeTouches) {
  expect_cheap_changes(numbers(1500, 0), numbers(400, 10000));
}

TEST(Following, DoesSoInATextThatRepeatsItself) {
  expect_cheap_changes(periodic(1500, 1), numbers(400, 10000));
  expect_cheap_changes(periodic(1500, 10), numbers(400, 10000));
  expect_cheap_changes(periodic(1500, 37), periodic(400, 37));
  Text line = periodic(700, 10), rest = numbers(300, 500);
  line.insert(line.end(), rest.begin(), rest.end());
  for (int i = 0; i < 700; ++i) line.push_back(i % 25);
  expect_cheap_changes(line, numbers(400, 10000));
}

TEST(Following, TakesTheSameTextAsItIs) {
  const Text text = numbers(1500, 0);
  const auto before = cut(text, kSizes);
  EXPECT_EQ(cut_like(before, text, kSizes), before);
}

TEST(Following, CutsAnotherTextAsIfThereWereNone) {
  const auto before = cut(numbers(1500, 0), kSizes);
  const Text other = numbers(1300, 5000);
  EXPECT_EQ(cut_like(before, other, kSizes), cut(other, kSizes));
}

TEST(Following, KeepsItsChunksWhatHappensFurtherOn) {
  const Text text = numbers(2000, 0);
  const auto before = cut(text, kSizes);
  Version version = replaced(text, 1700, 3, {-1});
  version = replaced(version.text, 900, 0, {-2, -3});
  version = replaced(version.text, 100, 60, {});
  const auto after = cut_like(before, version.text, kSizes);
  expect_whole(after, version.text, kSizes);
  EXPECT_LE(cost(before, after, version).fresh, 3 * (2 + 2));
}

TEST(Following, FindsWhatWasMoved) {
  const Text text = numbers(2000, 0);
  const auto before = cut(text, kSizes);
  Text moved(text.begin() + 1000, text.end());
  moved.insert(moved.end(), text.begin(), text.begin() + 1000);
  EXPECT_LE(cost(before, cut_like(before, moved, kSizes), {moved}).fresh, 4);
}

/// As a text that is written on for a long time: its chunks stay as long as they are.
TEST(Following, ChangesDoNotAddUp) {
  std::mt19937 random(3);
  Text text = numbers(4000, 0);
  std::int32_t fresh = 100000;
  auto chunks = cut(text, kSizes);
  for (int change = 0; change < 300; ++change) {
    const auto below = [&](std::int64_t bound) { return static_cast<std::int64_t>(random() % bound); };
    const std::int64_t removed = below(30), at = below(std::ssize(text) - removed);
    const Version version = replaced(text, at, removed, numbers(below(30), fresh += 100));
    const auto after = cut_like(chunks, version.text, kSizes);
    expect_whole(after, version.text, kSizes);
    const Cost found = cost(chunks, after, version);
    ASSERT_LE(found.fresh, found.touched + 2) << change;
    text = version.text;
    chunks = after;
  }
}

TEST(Following, DoesNotDependOnThePieces) {
  for (const Chunker::Sizes& sizes :
       {kSizes, Chunker::Sizes{.chunk = 5, .overlap = 4, .local = 0}, Chunker::Sizes{.chunk = 1},
        Chunker::Sizes{.chunk = 8, .overlap = 0, .local = 3}}) {
    const Text text = numbers(700, 0);
    const auto before = cut(text, sizes);
    Version version = replaced(text, 300, 20, numbers(130, 1000));
    version = replaced(version.text, 50, 3, {});
    const auto whole = cut_like(before, version.text, sizes);
    expect_whole(whole, version.text, sizes);
    for (const std::size_t piece : {1U, 2U, 50U, 77U})
      EXPECT_EQ(cut_like(before, version.text, sizes, piece), whole) << piece;
  }
}

TEST(Following, ATextOfOneChunkOrNone) {
  const Text text = numbers(kSizes.chunk + kSizes.local, 0);
  const auto before = cut(text, kSizes);
  ASSERT_EQ(before.size(), 1U);
  for (const std::int64_t at : {0, 30, 63, 84}) {
    const Version version = replaced(text, at, 0, {-1});
    expect_whole(cut_like(before, version.text, kSizes), version.text, kSizes);
  }
  EXPECT_EQ(cut_like(before, {}, kSizes).size(), 0U);
  EXPECT_EQ(cut_like({}, text, kSizes), before);
}

}  // namespace
}  // namespace focusllm::test
