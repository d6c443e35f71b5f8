// Words against the patterns themselves, run as llama.cpp runs them: by a regular expression over one byte
// for each character, which is its class outside of ASCII. Ids (golden_test.cpp) do not show all of it: where
// no merge crosses the place, two words are the same tokens as one.
#include "tokenizer/pre_tokenizer.h"

#include <random>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tokenizer/unicode.h"

namespace focusllm {
namespace {

// Classes in brackets: L for letters, N for numbers.
#define L "A-Za-z\xD2"
#define N "0-9\xD1"
#define SPACES "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define CONTRACTIONS "'[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL]|"

struct Pattern {
  const char* name;
  const char* pattern;
};

constexpr Pattern kPatterns[] = {
    {"llama-bpe", CONTRACTIONS "[^\\r\\n" L N "]?[" L "]+|[" N "]{1,3}| ?[^\\s" L N "]+[\\r\\n]*|" SPACES},
    {"qwen2", CONTRACTIONS "[^\\r\\n" L N "]?[" L "]+|[" N "]| ?[^\\s" L N "]+[\\r\\n]*|" SPACES},
    {"tekken", "[^\\r\\n" L N "]?((?=[" L "])([^a-z]))*((?=[" L "])([^A-Z]))+|"
               "[^\\r\\n" L N "]?((?=[" L "])([^a-z]))+((?=[" L "])([^A-Z]))*|"
               "[" N "]| ?[^\\s" L N "]+[\\r\\n/]*|" SPACES},
};

char collapsed(const Char& c) {
  if (c.code < 0x80) return static_cast<char>(c.code);
  if (c.kind == CharClass::letter) return '\xD2';
  if (c.kind == CharClass::number) return '\xD1';
  return c.kind == CharClass::space ? '\x0B' : '\xD0';
}

std::vector<std::uint32_t> ends_by_pattern(const std::regex& pattern, const std::string& text) {
  std::string classes;
  std::vector<std::uint32_t> ends;  // of each character, in bytes
  for (std::size_t at = 0; at < text.size(); at = ends.back()) {
    const Char c = char_at(text, at);
    classes += collapsed(c);
    ends.push_back(static_cast<std::uint32_t>(at + c.size));
  }
  std::vector<std::uint32_t> words;
  for (std::sregex_iterator match(classes.begin(), classes.end(), pattern), last; match != last; ++match)
    words.push_back(ends[static_cast<std::size_t>(match->position() + match->length() - 1)]);
  return words;
}

TEST(PreTokenizer, WordsAreThoseOfThePattern) {
  const std::vector<std::string> parts = {"a", "b", "A", "B", "é", "Ж",  "語",   "1",  "2",
                                          "²", "'", "s", "L", " ", "\t", "\n",   "\r", "/",
                                          ".", "$", "_", "́",  "😀", " ",  "\x1f", "　"};
  for (const Pattern& one : kPatterns) {
    const std::regex pattern(one.pattern);
    const PreTokenizer tokenizer = PreTokenizer::named(one.name);
    std::mt19937 random(1);
    for (int i = 0; i < 3000; ++i) {
      // Few kinds of parts in a text, so that they meet each other often.
      const std::size_t first = random() % parts.size(), kinds = 2 + random() % (parts.size() - 2);
      std::string text;
      for (std::size_t n = 1 + random() % 12; n > 0; --n)
        text += parts[(first + random() % kinds * 7) % parts.size()];
      ASSERT_EQ(tokenizer.split(text), ends_by_pattern(pattern, text)) << one.name << ": " << text;
    }
  }
}

}  // namespace
}  // namespace focusllm
