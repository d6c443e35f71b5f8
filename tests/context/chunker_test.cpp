// Where a text is cut into chunks and a local window, against a plain definition on the whole text.

#include "context/focus/chunker.h"

#include <algorithm>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

namespace focusllm::test {
namespace {

using context::Chunker;
using context::TextChunk;
using Text = std::vector<std::int32_t>;

Text text_of(std::int64_t tokens) {
  Text text(static_cast<std::size_t>(tokens));
  std::iota(text.begin(), text.end(), 100);
  return text;
}

struct Cuts {
  std::vector<TextChunk> chunks;
  Text window;
  bool operator==(const Cuts&) const = default;
};

/// The definition: a token before the window is in every chunk that reaches it, and a chunk is there if it
/// has a token that none before it has.
Cuts definition(const Text& text, const Chunker::Sizes& sizes) {
  Cuts cuts;
  const std::int64_t window = std::max<std::int64_t>(0, std::ssize(text) - sizes.local);
  for (std::int64_t token = 0; token < std::ssize(text); ++token) {
    const std::int32_t id = text[static_cast<std::size_t>(token)];
    if (token >= window) {
      cuts.window.push_back(id);
      continue;
    }
    for (TextChunk& chunk : cuts.chunks)
      if (token < chunk.first + sizes.chunk) chunk.tokens.push_back(id);
    if (!cuts.chunks.empty() && token < cuts.chunks.back().first + sizes.chunk) continue;
    const std::int64_t first = std::ssize(cuts.chunks) * (sizes.chunk - sizes.overlap);
    cuts.chunks.push_back({first, {text.begin() + first, text.begin() + token + 1}});
  }
  return cuts;
}

/// A text as it comes, and what was cut of it so far.
class Cutting {
 public:
  explicit Cutting(const Chunker::Sizes& sizes) : chunker_(sizes) {}

  void read(std::span<const std::int32_t> piece) {
    chunker_.append(piece);
    add(chunker_.take(chunker_.certain()));
  }
  void end() { add(chunker_.end()); }
  void go_on() {
    if (chunker_.go_on()) chunks_.pop_back();
  }
  const Chunker& chunker() const { return chunker_; }
  const std::vector<TextChunk>& chunks() const { return chunks_; }
  Cuts cuts() const { return {chunks_, {chunker_.window().begin(), chunker_.window().end()}}; }

 private:
  void add(const std::vector<TextChunk>& chunks) {
    chunks_.insert(chunks_.end(), chunks.begin(), chunks.end());
  }

  Chunker chunker_;
  std::vector<TextChunk> chunks_;
};

Cuts cut(const Text& text, const Chunker::Sizes& sizes, std::size_t piece) {
  Cutting cutting(sizes);
  for (std::size_t first = 0; first < text.size(); first += piece)
    cutting.read(std::span(text).subspan(first, std::min(piece, text.size() - first)));
  cutting.end();
  return cutting.cuts();
}

std::string words(const Chunker::Sizes& sizes) {
  return "chunks of " + std::to_string(sizes.chunk) + ", overlap " + std::to_string(sizes.overlap) +
         ", window of " + std::to_string(sizes.local);
}

/// Overlaps of none, one, some, and all but one token.
std::vector<Chunker::Sizes> all_sizes() {
  std::vector<Chunker::Sizes> all;
  for (const std::int64_t chunk : {1, 2, 5, 8}) {
    for (const std::int64_t overlap : {std::int64_t{0}, std::int64_t{1}, chunk / 2, chunk - 1}) {
      for (const std::int64_t local : {0, 1, 3, 11})
        if (overlap < chunk) all.push_back({.chunk = chunk, .overlap = overlap, .local = local});
    }
  }
  return all;
}

TEST(Chunker, PutsEveryTokenIntoTheChunksThatReachIt) {
  for (const auto& sizes : all_sizes()) {
    for (std::int64_t tokens = 0; tokens <= 4 * sizes.chunk + sizes.local + 2; ++tokens) {
      const Text text = text_of(tokens);
      EXPECT_EQ(cut(text, sizes, 1000), definition(text, sizes)) << tokens << " tokens, " << words(sizes);
    }
  }
}

TEST(Chunker, CutsAtTheSamePlacesWhateverThePieces) {
  for (const auto& sizes : all_sizes()) {
    for (const std::int64_t tokens : {9, 16, 40, 53}) {
      const Text text = text_of(tokens);
      for (const std::size_t piece : {1U, 2U, 7U, 13U})
        EXPECT_EQ(cut(text, sizes, piece), definition(text, sizes)) << piece << ", " << words(sizes);
    }
  }
}

TEST(Chunker, NoTextHasNoChunksAndNoWindow) {
  Cutting cutting({.chunk = 4, .overlap = 1, .local = 3});
  EXPECT_EQ(cutting.chunker().certain(), 0);
  EXPECT_EQ(cutting.chunker().tokens(), 0);
  cutting.end();
  EXPECT_EQ(cutting.cuts(), Cuts());
  cutting.go_on();
  cutting.read({});
  cutting.end();
  EXPECT_EQ(cutting.cuts(), Cuts());
}

TEST(Chunker, BordersAreWhereTheyAreExpected) {
  const Chunker::Sizes sizes{.chunk = 4, .overlap = 1, .local = 3};
  using Places = std::vector<std::pair<std::int64_t, std::int64_t>>;  // first token and tokens of each chunk
  const auto places = [&](std::int64_t tokens) {
    const Cuts cuts = cut(text_of(tokens), sizes, 1);
    EXPECT_EQ(std::ssize(cuts.window), std::min(tokens, sizes.local));
    Places found;
    for (const TextChunk& chunk : cuts.chunks) found.emplace_back(chunk.first, std::ssize(chunk.tokens));
    return found;
  };
  EXPECT_EQ(places(2), Places());  // shorter than the window
  EXPECT_EQ(places(3), Places());  // the window
  EXPECT_EQ(places(3 + 1), Places({{0, 1}}));
  EXPECT_EQ(places(3 + 3), Places({{0, 3}}));
  EXPECT_EQ(places(3 + 4), Places({{0, 4}}));  // what a second one would repeat is no second one
  EXPECT_EQ(places(3 + 5), Places({{0, 4}, {3, 2}}));
  EXPECT_EQ(places(3 + 7), Places({{0, 4}, {3, 4}}));
  EXPECT_EQ(places(3 + 8), Places({{0, 4}, {3, 4}, {6, 2}}));
}

TEST(Chunker, AChunkIsCertainOnceTheWindowIsBehindIt) {
  for (const auto& sizes : all_sizes()) {
    Cutting cutting(sizes);
    const Text text = text_of(5 * sizes.chunk + sizes.local);
    for (std::int64_t tokens = 1; tokens <= std::ssize(text); ++tokens) {
      cutting.read(std::span(text).subspan(static_cast<std::size_t>(tokens - 1), 1));
      const std::int64_t before = tokens - sizes.local;  // the window, if the text ended here
      const std::int64_t whole =
          before < sizes.chunk ? 0 : 1 + (before - sizes.chunk) / (sizes.chunk - sizes.overlap);
      EXPECT_EQ(std::ssize(cutting.chunks()), whole) << tokens << " tokens, " << words(sizes);
      EXPECT_EQ(cutting.chunker().tokens(), tokens);
      EXPECT_EQ(cutting.chunker().in_chunks(),
                whole == 0 ? 0 : (whole - 1) * (sizes.chunk - sizes.overlap) + sizes.chunk);
    }
    // However the text goes on, those stay.
    const Cuts longer = definition(text_of(9 * sizes.chunk + sizes.local), sizes);
    for (std::size_t i = 0; i < cutting.chunks().size(); ++i)
      EXPECT_EQ(cutting.chunks()[i], longer.chunks[i]) << words(sizes);
  }
}

TEST(Chunker, TakesAsManyAsItIsAsked) {
  const Chunker::Sizes sizes{.chunk = 5, .overlap = 2, .local = 4};
  const Text text = text_of(40);
  Chunker chunker(sizes);
  chunker.append(text);
  ASSERT_EQ(chunker.certain(), 11);
  std::vector<TextChunk> chunks = chunker.take(3);
  EXPECT_EQ(chunker.certain(), 8);
  for (const TextChunk& chunk : chunker.end()) chunks.push_back(chunk);  // those that nobody took as well
  EXPECT_EQ(chunks, definition(text, sizes).chunks);
}

TEST(Chunker, BehindAnEndTheWindowGrowsAndNothingIsCut) {
  const Chunker::Sizes sizes{.chunk = 4, .overlap = 1, .local = 3};
  const Text text = text_of(60);
  Cutting cutting(sizes);
  cutting.read(std::span(text).first(12));
  cutting.end();
  EXPECT_TRUE(cutting.chunker().ended());
  const auto chunks = cutting.chunks();
  cutting.read(std::span(text).subspan(12));
  EXPECT_EQ(cutting.chunks(), chunks);
  EXPECT_EQ(cutting.chunker().certain(), 0);
  EXPECT_EQ(cutting.chunker().in_chunks(), 9);
  EXPECT_EQ(cutting.cuts().window, Text(text.begin() + 9, text.end()));
  EXPECT_EQ(cutting.chunker().tokens(), 60);
}

TEST(Chunker, SaysWhetherAShortChunkIsToBeCutAnew) {
  const auto counts_no_longer = [](std::int64_t tokens) {
    Chunker chunker({.chunk = 4, .overlap = 1, .local = 3});
    chunker.append(text_of(tokens));
    chunker.end();
    const bool is_short = chunker.go_on();
    EXPECT_FALSE(chunker.ended());
    return is_short;
  };
  EXPECT_FALSE(counts_no_longer(3));
  EXPECT_TRUE(counts_no_longer(3 + 1));
  EXPECT_TRUE(counts_no_longer(3 + 3));
  EXPECT_FALSE(counts_no_longer(3 + 4));
  EXPECT_TRUE(counts_no_longer(3 + 5));
  EXPECT_FALSE(counts_no_longer(3 + 7));
}

/// A conversation: pieces, ends, more behind an end, and reading that goes on, in any order.
TEST(Chunker, ATextThatGoesOnIsCutAsIfReadAtOnce) {
  std::mt19937 random(7);
  const auto below = [&](std::int64_t bound) {
    return std::uniform_int_distribution<std::int64_t>(0, bound - 1)(random);
  };
  for (int trial = 0; trial < 400; ++trial) {
    const std::int64_t chunk = 1 + below(9);
    const Chunker::Sizes sizes{.chunk = chunk, .overlap = below(chunk), .local = below(12)};
    const Text text = text_of(120);
    Cutting cutting(sizes);
    std::int64_t read = 0;
    const auto read_more = [&] {
      const std::int64_t piece = std::min(below(20), std::ssize(text) - read);
      cutting.read(std::span(text).subspan(static_cast<std::size_t>(read), static_cast<std::size_t>(piece)));
      read += piece;
    };
    while (read < std::ssize(text)) {
      for (std::int64_t pieces = below(3); pieces >= 0; --pieces) read_more();
      cutting.end();
      ASSERT_EQ(cutting.cuts(), definition(Text(text.begin(), text.begin() + read), sizes)) << words(sizes);
      for (std::int64_t pieces = below(3); pieces > 0; --pieces) read_more();
      cutting.go_on();
      read_more();  // takes what has become certain
    }
  }
}

}  // namespace
}  // namespace focusllm::test
