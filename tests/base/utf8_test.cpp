#include "base/utf8.h"

#include <gtest/gtest.h>

namespace focusllm {
namespace {

std::string encode(char32_t c) {
  const auto byte = [](char32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xc0 | c >> 6), byte(0x80 | (c & 63))};
  if (c < 0x10000) return {byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 63)), byte(0x80 | (c & 63))};
  return {byte(0xf0 | c >> 18), byte(0x80 | (c >> 12 & 63)), byte(0x80 | (c >> 6 & 63)),
          byte(0x80 | (c & 63))};
}

TEST(Utf8, EveryCodePointIsValidButSurrogates) {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    const bool surrogate = c >= 0xd800 && c < 0xe000;
    ASSERT_EQ(find_invalid_utf8(encode(c)).has_value(), surrogate) << static_cast<unsigned>(c);
  }
}

TEST(Utf8, EveryCutCharacterIsFound) {
  for (const char32_t c : {U'é', U'€', U'😀'}) {
    const std::string whole = encode(c);
    for (std::size_t size = 1; size < whole.size(); ++size) {
      EXPECT_EQ(find_invalid_utf8("ab" + whole.substr(0, size)), 2U);
      EXPECT_EQ(find_invalid_utf8("ab" + whole.substr(0, size) + "c"), 2U);
    }
  }
}

TEST(Utf8, OverlongAndOutOfRangeAreInvalid) {
  for (const char* text : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
                           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"})
    EXPECT_EQ(find_invalid_utf8(text), 0U) << text;
}

TEST(Utf8, WhatMovesTheCursorIsShownAsEscapes) {
  EXPECT_EQ(printable("a\tb\né€😀"), "a\tb\né€😀");
  EXPECT_EQ(printable("\x1b[2J\a\x7f"), "\\x1b[2J\\x07\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m\xc2\xa0"),
            "\\x9b31m\xc2\xa0");
  EXPECT_EQ(printable("a\xff\xe2\x82"), "a\\xff\\xe2\\x82");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable(""), "");
}

TEST(Utf8, FirstCharactersAreWhole) {
  EXPECT_EQ(first_characters("aé€😀b", 3), "aé€");
  EXPECT_EQ(first_characters("aé", 9), "aé");
  EXPECT_EQ(first_characters("aé", 0), "");
}

TEST(Utf8, OneLineCutsAtACharacter) {
  EXPECT_EQ(one_line("a\n\n b\tc", 20), "a b c");
  EXPECT_EQ(one_line("aéé", 2), "a...");
  EXPECT_EQ(one_line("aéé", 3), "aé...");
  for (std::size_t limit = 0; limit < 12; ++limit) EXPECT_FALSE(find_invalid_utf8(one_line("é€😀é€", limit)));
}

}  // namespace
}  // namespace focusllm
