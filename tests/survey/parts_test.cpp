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
  for (const std::string& part : cut(text, 5 * tokens)) EXPECT_EQ(part.size(), 5 * line.size());
  text.insert(4 * line.size(), "\n");
  EXPECT_EQ(cut(text, 6 * tokens).front(), text.substr(0, 4 * line.size() + 1));  // a paragraph ends there
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
