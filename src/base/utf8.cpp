#include "base/utf8.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

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

/// Bytes of the valid character at `i`, 0 if there is none.
std::size_t character(std::string_view text, std::size_t i) {
  const Lead first = lead(static_cast<unsigned char>(text[i]));
  if (first.length <= 1) return first.length;
  if (text.size() - i < first.length) return 0;
  const auto second = static_cast<unsigned char>(text[i + 1]);
  if (second < first.low || second > first.high) return 0;
  for (std::size_t k = 2; k < first.length; ++k)
    if (begins_character(text[i + k])) return 0;
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
  while (end > 0 && !begins_character(line[end])) --end;
  return line.substr(0, end) + "...";
}

std::string first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (begins_character(text[end]) && count-- == 0) break;
  }
  return std::string(text.substr(0, end));
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const bool invalid = find_invalid_utf8(text.substr(0, std::min<std::size_t>(text.size(), 4))) == 0;
    // U+0080 to U+009F are controls too, of two bytes.
    const bool second = !invalid && byte == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    const bool control = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
    if (second) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[1]));
      text.remove_prefix(2);
      continue;
    }
    shown += control || invalid ? fmt::format("\\x{:02x}", byte) : std::string(1, text.front());
    text.remove_prefix(1);
    if (control || invalid) continue;
    while (!text.empty() && !begins_character(text.front())) {
      shown += text.front();
      text.remove_prefix(1);
    }
  }
  return shown;
}

}  // namespace focusllm
