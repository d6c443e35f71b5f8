#include "tokenizer/unicode.h"

#include <algorithm>
#include <array>
#include <vector>

namespace focusllm {
namespace {

constexpr char32_t kCodes = 0x110000;
constexpr char32_t kReplacement = 0xfffd;

struct Range {
  char32_t first;
  CharClass kind;
};
constexpr Range kRanges[] = {
#include "tokenizer/unicode_ranges.inc"
};

std::vector<CharClass> make_classes() {
  std::vector<CharClass> classes(kCodes);
  for (std::size_t i = 0; i < std::size(kRanges); ++i) {
    const char32_t end = i + 1 < std::size(kRanges) ? kRanges[i + 1].first : kCodes;
    std::fill(classes.begin() + kRanges[i].first, classes.begin() + end, kRanges[i].kind);
  }
  return classes;
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

/// Bits without any check of their value.
char32_t join_bits(std::string_view bytes) {
  constexpr std::array<unsigned, 5> kMask = {0, 0x7f, 0x1f, 0x0f, 0x07};
  char32_t code = static_cast<unsigned char>(bytes[0]) & kMask[bytes.size()];
  for (const char c : bytes.substr(1)) code = (code << 6) | (static_cast<unsigned char>(c) & 0x3fU);
  return code;
}

std::uint32_t encoded_size(char32_t code) {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/// The character at the beginning of `text` by its bits alone, size 0 if the bytes do not fit together.
Char loose_char(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::uint32_t size = announced_size(text[0]);
  if (is_continuation(text[0]) || first >= 0xf8 || size > text.size()) return {};
  if (!std::all_of(text.begin() + 1, text.begin() + size, is_continuation)) return {};
  const char32_t code = join_bits(text.substr(0, size));
  return code < kCodes ? Char{code, size, CharClass::other} : Char{};
}

std::size_t skip_fine(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const Char c = loose_char(text.substr(at));
    if (c.size == 0 || c.size != encoded_size(c.code)) break;
    at += c.size;
  }
  return at;
}

/// Whether `text`, which is no whole character, could begin one.
bool may_become_valid(std::string_view text) {
  std::string longer(text);
  for (const char filler : {'\x80', '\x90', '\xbf'}) {  // some second bytes are narrower: E0, ED, F0, F4
    longer.resize(text.size());
    if (announced_size(text[0]) <= text.size()) return false;
    longer.resize(announced_size(text[0]), filler);
    if (valid_size(longer) != 0) return true;
  }
  return false;
}

}  // namespace

CharClass char_class(char32_t code) {
  static const std::vector<CharClass> classes = make_classes();
  return code < kCodes ? classes[code] : CharClass::other;
}

Char char_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  const std::uint32_t size = announced_size(text[at]);
  const char32_t code = join_bits(text.substr(at, size));
  return {code, size, char_class(code)};
}

std::uint32_t valid_size(std::string_view text) {
  if (text.empty()) return 0;
  const Char c = loose_char(text);
  if (c.size == 0 || c.size != encoded_size(c.code)) return 0;
  return c.code >= 0xd800 && c.code < 0xe000 ? 0 : c.size;
}

void append_utf8(std::string& text, char32_t code) {
  const std::uint32_t size = encoded_size(code);
  constexpr std::array<unsigned, 5> kLead = {0, 0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(kLead[size] | (code >> (6 * (size - 1))));
  for (std::uint32_t i = size - 1; i-- > 0;) text += static_cast<char>(0x80U | ((code >> (6 * i)) & 0x3fU));
}

std::optional<std::string> repair_utf8(std::string_view text) {
  std::size_t at = skip_fine(text, 0);
  if (at == text.size()) return std::nullopt;
  std::string result(text.substr(0, at));
  while (at < text.size()) {
    const Char c = loose_char(text.substr(at));
    append_utf8(result, c.size == 0 ? kReplacement : c.code);
    at += std::max<std::uint32_t>(c.size, 1);
    const std::size_t next = skip_fine(text, at);
    result += text.substr(at, next - at);
    at = next;
  }
  return result;
}

std::string take_utf8(std::string& pending, bool last) {
  std::string result;
  std::string_view rest = pending;
  while (!rest.empty()) {
    if (const std::uint32_t size = valid_size(rest.substr(0, 4)); size != 0) {
      result += rest.substr(0, size);
      rest.remove_prefix(size);
      continue;
    }
    std::size_t broken = 1;  // the longest beginning that could have become a character
    while (broken < rest.size() && broken < 4 && may_become_valid(rest.substr(0, broken + 1))) ++broken;
    if (!last && broken == rest.size() && may_become_valid(rest)) break;
    append_utf8(result, kReplacement);
    rest.remove_prefix(broken);
  }
  pending.erase(0, pending.size() - rest.size());
  return result;
}

}  // namespace focusllm
