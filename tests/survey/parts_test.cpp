#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/utf8.h"
#include "focusllm/survey.h"
#include "support/tiny_engine.h"

namespace focusllm::test {
namespace {

const Tokenizer& tokenizer() {
  static const TinyEngine tiny(1);
  return tiny.engine->tokenizer();
}

std::vector<std::string> cut(const std::string& text, std::int64_t tokens) {
  std::vector<std::string> parts;
  for (const TextPart& part : cut_parts(tokenizer(), {{"text", text}}, tokens)) {
    parts.push_back(
        text.substr(static_cast<std::size_t>(part.first_byte), static_cast<std::size_t>(part.bytes)));
    EXPECT_EQ(part.first_line, 1 + std::count(text.begin(), text.begin() + part.first_byte, '\n'));
    EXPECT_EQ(part.tokens, std::ssize(tokenizer().encode_continued(parts.back())));
  }
  return parts;
}

/// All but white space: blank parts are left out.
std::string letters(std::string text) {
  std::erase_if(text, [](char letter) { return letter == ' ' || letter == '\n'; });
  return text;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

TEST(Parts, HaveAllOfTheText) {
  std::string long_lines(300, 'x');
  long_lines += "\nt3\n";
  long_lines.append(300, 'y');
  const std::vector<std::string> texts = {
      "t3",
      "t3\n",
      "t3t4\n\nt5t6t7\nt8\n",
      "t3t4t5 t6t7t8 t9t3t4 t5t6t7",
      long_lines,
      "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"};
  for (const std::string& text : texts) {
    for (const std::int64_t tokens : {1, 2, 5, 50, 5000}) {
      const auto parts = cut(text, tokens);
      EXPECT_EQ(letters(joined(parts)), letters(text)) << tokens;
      if (tokens > 2) {
        EXPECT_EQ(joined(parts), text) << tokens;
      }
      for (const std::string& part : parts) EXPECT_FALSE(find_invalid_utf8(part)) << part;
    }
  }
}

TEST(Parts, EndBehindLines) {
  const std::string line = "t3t4t5t6t7t8t9t3\n";
  std::string text;
  for (int i = 0; i < 20; ++i) text += line;
  const std::int64_t tokens = std::ssize(tokenizer().encode_continued(line));
  for (const std::string& part : cut(text, 5 * tokens)) {
    EXPECT_LE(part.size(), 5 * line.size());
    EXPECT_EQ(part.size() % line.size(), 0U);
  }
  text.insert(4 * line.size(), "\n");
  EXPECT_EQ(cut(text, 6 * tokens).front(), text.substr(0, 4 * line.size() + 1));  // a paragraph ends there
}

TEST(Parts, ATextThatFitsIsOne) {
  const std::string text = "t3t4\n\nt5\nt6\n\nt7t8\n";
  EXPECT_EQ(cut(text, std::ssize(tokenizer().encode_continued(text))), std::vector<std::string>{text});
}

/// Lines of words, some of them alike, with paragraphs.
std::string lines(int count, std::uint_fast32_t seed) {
  std::mt19937 random(seed);
  std::string text;
  for (int i = 0; i < count; ++i) {
    const auto alike = random() % 8;
    for (auto words = 3 + random() % 9; words > 0; --words)
      text += 't' + std::to_string(3 + (alike == 0 ? words : random()) % 7);
    text += random() % 6 == 0 ? "\n\n" : "\n";
  }
  return text;
}

/// Parts that a range stands in or touches.
int touched(const std::vector<std::string>& parts, std::size_t begin, std::size_t end) {
  int count = 0;
  std::size_t at = 0;
  for (const std::string& part : parts) {
    count += at <= end && begin <= at + part.size() ? 1 : 0;
    at += part.size();
  }
  return count;
}

/// How many changes cost so many parts more than they touch. Of texts without blank parts.
std::map<int, int> costs(const std::string& text, std::int64_t tokens, int changes) {
  const auto before = cut(text, tokens);
  EXPECT_EQ(joined(before), text);
  EXPECT_GT(std::ssize(tokenizer().encode_continued(text)), std::ssize(before) * tokens / 2);
  const std::set<std::string> known(before.begin(), before.end());
  std::mt19937 random(5);
  std::map<int, int> costs;
  for (int i = 0; i < changes; ++i) {
    const std::size_t at = 2 * (random() % (text.size() / 2 - 30)), removed = random() % 60;
    const std::string added = lines(static_cast<int>(random() % 3), random());
    std::string version = text;
    version.replace(at, removed, added);
    const auto after = cut(version, tokens);
    const auto fresh = std::ranges::count_if(after, [&](const auto& part) { return !known.contains(part); });
    const int touches = std::max(touched(before, at, at + removed), touched(after, at, at + added.size()));
    ++costs[std::max(0, static_cast<int>(fresh) - touches)];
  }
  return costs;
}

/// A change of a third of a part and less.
TEST(Parts, StayWhereTheTextDoesNotChange) {
  const std::string text = lines(1500, 1);
  for (const std::int64_t tokens : {120, 400}) {
    auto found = costs(text, tokens, 200);
    EXPECT_EQ(found[0] + found[1] + found[2] + found[3], 200) << tokens;  // three more are rare
    EXPECT_GE(found[0] + found[1] + found[2], 196) << tokens;
  }
}

TEST(Parts, StayInATextThatRepeatsItself) {
  const std::string some = lines(5, 2);
  std::string text;
  for (int i = 0; i < 300; ++i) text += some;
  auto found = costs(text, 150, 100);
  EXPECT_EQ(found[0] + found[1] + found[2], 100);
}

TEST(Parts, OfEqualLinesAreNotSmall) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "t3t4t5t6\n";
  const std::int64_t line = std::ssize(tokenizer().encode_continued("t3t4t5t6\n"));
  EXPECT_LE(cut(text, 20 * line).size(), 1010U);
}

TEST(Parts, AHeadingStaysWithWhatIsBelowIt) {
  std::string text;
  for (int i = 0; i < 6; ++i) {
    text += "t9\n";
    for (int word = 0; word < 40; ++word) text += "t" + std::to_string((i * 7 + word) % 12 + 2);
    text += "\n\n";
  }
  const std::int64_t whole = std::ssize(tokenizer().encode_continued(text));
  const auto parts = cut(text, whole / 5);
  ASSERT_GE(parts.size(), 5U);
  for (const std::string& part : parts) EXPECT_TRUE(part.starts_with("t9\n")) << part;
}

TEST(Parts, OfABlankTextAreNone) {
  EXPECT_TRUE(cut("\n \n\t\n", 10).empty());
  EXPECT_TRUE(cut("", 10).empty());
  EXPECT_THROW(cut("t3", 0), UsageError);
}

TEST(Parts, AreOfOneSourceEach) {
  const auto parts = cut_parts(tokenizer(), {{"a", "t3\n"}, {"b", ""}, {"c", "t4\n"}}, 100);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].source, 0U);
  EXPECT_EQ(parts[1].source, 2U);
  EXPECT_EQ(parts[1].first_byte, 0);
}

}  // namespace
}  // namespace focusllm::test
