#include "base/plain_text.h"

#include <algorithm>
#include <cstddef>

#include "base/error.h"
#include "base/utf8.h"

namespace focusllm {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kBeginning = 4096;  // bytes that are looked at

/// Whether every second byte of the text's beginning is mostly zero, as in UTF-16 of Western languages.
bool looks_like_utf16(std::string_view text) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return true;
  const std::string_view begin = text.substr(0, kBeginning);
  std::size_t zeros[2] = {};
  for (std::size_t i = 0; i < begin.size(); ++i) zeros[i % 2] += begin[i] == '\0' ? 1 : 0;
  return std::max(zeros[0], zeros[1]) * 5 > begin.size();
}

std::string_view encoding_hint(std::string_view text) {
  if (looks_like_utf16(text)) return "it looks like UTF-16: iconv -f UTF-16 -t UTF-8";
  if (text.substr(0, kBeginning).find('\0') != std::string_view::npos)
    return "it looks like a binary file; give a text file";
  return "convert it, for example with iconv -f WINDOWS-1252 -t UTF-8";
}

}  // namespace

void check_utf8(std::string_view text, std::string_view name) {
  if (const auto place = find_invalid_utf8(text)) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*place), '\n');
    fail("{} is not valid UTF-8 at byte {} (line {}, byte value 0x{:02x}): {}", name, *place, line,
         static_cast<unsigned char>(text[*place]), encoding_hint(text));
  }
}

void check_text(std::string_view bytes, std::string_view name) {
  check_utf8(bytes, name);
  if (looks_like_utf16(bytes))
    fail("{} looks like UTF-16 without a byte order mark: iconv -f UTF-16LE -t UTF-8 (or UTF-16BE)", name);
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::string_view without_byte_order_mark(std::string_view text) {
  return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
}

}  // namespace focusllm
