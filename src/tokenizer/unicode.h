#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace focusllm {

/// What the pre-tokenizers' patterns tell apart: \p{L}, \p{N}, \s, \p{P} and the rest; `none` is the end of
/// the text.
enum class CharClass : std::uint8_t { other, letter, number, space, punctuation, none };

/// Of Unicode 15.1, as in llama.cpp. Surrogates and code points beyond the last one are `other`.
CharClass char_class(char32_t code);

/// One character of a text: its code point, its bytes and its class. Size 0 and class `none` at the end.
struct Char {
  char32_t code = 0;
  std::uint32_t size = 0;
  CharClass kind = CharClass::none;
};

/// The character at byte `at` of a text that repair_utf8 has nothing to do on.
Char char_at(std::string_view text, std::size_t at);

/// Bytes that the first byte of a character announces; 1 for a byte that is not the first of one.
inline std::uint32_t announced_size(char first) {
  constexpr std::array<std::uint8_t, 16> kSizes = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
  return kSizes[static_cast<unsigned char>(first) >> 4];
}

/// Bytes of the well-formed UTF-8 character at the beginning of `text`, 0 if there is none.
std::uint32_t valid_size(std::string_view text);

void append_utf8(std::string& text, char32_t code);

/// `text` as llama.cpp reads it for byte-level BPE, or nothing if it is that already: a byte that is no part
/// of a character becomes U+FFFD, an overlong form the short one; surrogates stay. (Where llama.cpp aborts,
/// at code points beyond U+10FFFF, each byte becomes U+FFFD.)
std::optional<std::string> repair_utf8(std::string_view text);

/// Moves whole characters from the front of `pending` to the result, with U+FFFD for each longest piece that
/// no further bytes can make valid. What may still become a character stays, unless `last`.
std::string take_utf8(std::string& pending, bool last);

}  // namespace focusllm
