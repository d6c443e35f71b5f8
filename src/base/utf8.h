#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace focusllm {

/// Whether a byte of UTF-8 begins a character: it does not go on with one.
constexpr bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

/// Where the first byte that is not part of valid UTF-8 stands; nothing if all of it is valid.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);
/// Everything on one line and at most about `limit` bytes, cut at a character and marked with "...".
std::string one_line(std::string_view text, std::size_t limit);

/// The first `count` characters (or fewer) of valid UTF-8.
std::string first_characters(std::string_view text, std::size_t count);
/// What may be shown on a terminal: control characters, but for line ends and tabs, and bytes that are not
/// UTF-8 as escapes (\x1b), so that a name in a file cannot move the cursor or recolour the screen.
std::string printable(std::string_view text);

}  // namespace focusllm
