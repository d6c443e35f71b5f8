#include "base/python_json.h"

#include <algorithm>
#include <charconv>

namespace focusllm {
namespace {

constexpr std::size_t kEscapeBytes = 6;  // \ud83d

/// The code of an escape at the beginning of the text; 0 if there is none.
unsigned escaped(std::string_view text) {
  unsigned code = 0;
  if (!text.starts_with("\\u") || text.size() < kEscapeBytes) return 0;
  const char* end = text.data() + kEscapeBytes;
  const auto [rest, error] = std::from_chars(text.data() + 2, end, code, 16);
  return error == std::errc() && rest == end ? code : 0;
}

bool is_high(unsigned code) {
  return code >= 0xd800 && code < 0xdc00;
}
bool is_low(unsigned code) {
  return code >= 0xdc00 && code < 0xe000;
}

/// Bytes at the beginning of a string's text that belong together.
std::size_t unit(std::string_view text) {
  if (text.front() != '\\') return 1;
  const unsigned code = escaped(text);
  if (code == 0) return std::min<std::size_t>(text.size(), 2);
  return is_high(code) && is_low(escaped(text.substr(kEscapeBytes))) ? 2 * kEscapeBytes : kEscapeBytes;
}

/// What Python calls a number and JSON does not, at the beginning of the text; 0 if it is none.
std::size_t no_number(std::string_view text) {
  for (const std::string_view name : {"NaN", "Infinity", "-Infinity"})
    if (text.starts_with(name)) return name.size();
  return 0;
}

}  // namespace

std::string without_python_json(std::string_view text) {
  std::string json;
  bool in_string = false;
  while (!text.empty()) {
    std::size_t size = in_string ? unit(text) : 1;
    const unsigned code = in_string && size == kEscapeBytes ? escaped(text) : 0;
    if (text.front() == '"') in_string = !in_string;
    if (is_high(code) || is_low(code)) {
      json += "\\ufffd";
    } else if (const std::size_t name = in_string ? 0 : no_number(text); name > 0) {
      json += "null";
      size = name;
    } else {
      json += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return json;
}

}  // namespace focusllm
