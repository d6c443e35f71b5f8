#include "tokenizer/byte_level.h"

#include <array>

#include "tokenizer/unicode.h"

namespace focusllm {
namespace {

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

/// The other bytes are U+0100 and on, in order.
constexpr std::array<char32_t, 256> make_codes() {
  std::array<char32_t, 256> codes{};
  char32_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) codes[byte] = stands_for_itself(byte) ? byte : next++;
  return codes;
}
constexpr auto kCodes = make_codes();

constexpr std::array<int, 0x180> make_bytes() {
  std::array<int, 0x180> bytes{};
  for (int& byte : bytes) byte = -1;
  for (unsigned byte = 0; byte < 256; ++byte) bytes[kCodes[byte]] = static_cast<int>(byte);
  return bytes;
}
constexpr auto kBytes = make_bytes();

}  // namespace

std::string byte_level_character(unsigned char byte) {
  std::string text;
  append_utf8(text, kCodes[byte]);
  return text;
}

std::string byte_level_decode(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t size = valid_size(text.substr(at));
    const Char c = size == 0 ? Char{0, 1} : char_at(text, at);
    if (size != 0 && c.code < kBytes.size() && kBytes[c.code] >= 0) {
      bytes += static_cast<char>(kBytes[c.code]);
    } else {
      bytes += text.substr(at, c.size);
    }
    at += c.size;
  }
  return bytes;
}

}  // namespace focusllm
