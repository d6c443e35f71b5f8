#include "base/utf8.h"

#include <cstdint>

namespace focusllm {
namespace {

struct Lead {
  std::size_t length;  ///< of the character; 0: no character begins like this
  unsigned char low;   ///< of the second byte: no overlong forms, no surrogates, nothing past U+10FFFF
  unsigned char high;
};

Lead lead(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xc2) return {0, 0, 0};
  if (byte < 0xe0) return {2, 0x80, 0xbf};
  if (byte < 0xf0)
    return {3, byte == 0xe0 ? std::uint8_t{0xa0} : std::uint8_t{0x80},
            byte == 0xed ? std::uint8_t{0x9f} : std::uint8_t{0xbf}};
  if (byte < 0xf5)
    return {4, byte == 0xf0 ? std::uint8_t{0x90} : std::uint8_t{0x80},
            byte == 0xf4 ? std::uint8_t{0x8f} : std::uint8_t{0xbf}};
  return {0, 0, 0};
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

/// Bytes of the valid character at `i`, 0 if there is none.
std::size_t character(std::string_view text, std::size_t i) {
  const Lead first = lead(static_cast<unsigned char>(text[i]));
  if (first.length <= 1) return first.length;
  if (text.size() - i < first.length) return 0;
  const auto second = static_cast<unsigned char>(text[i + 1]);
  if (second < first.low || second > first.high) return 0;
  for (std::size_t k = 2; k < first.length; ++k)
    if (!is_continuation(text[i + k])) return 0;
  return first.length;
}

}  // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character(text, i);
    if (length == 0) return i;
    i += length;
  }
  return std::nullopt;
}

std::string one_line(std::string_view text, std::size_t limit) {
  std::string line;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
    if (!blank) line += c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
    if (line.size() > limit + 4) break;
  }
  if (line.size() <= limit) return line;
  std::size_t end = limit;
  while (end > 0 && is_continuation(line[end])) --end;
  return line.substr(0, end) + "...";
}

}  // namespace focusllm
