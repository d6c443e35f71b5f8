#include "engine/sentence.h"

#include <algorithm>

namespace focusllm {
namespace {

constexpr std::string_view kBehind[] = {" ", "\t",     "\r",     "\"",     "'",     ")",
                                        "]", "\u201d", "\u2019", "\u00bb", "\u300d"};
constexpr std::string_view kMarks[] = {"!",      "?",      "\n",     "\u2026", "\u3002",
                                       "\uff01", "\uff1f", "\u0964", "\u061f"};
constexpr std::size_t kShortWord = 3;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

bool ends_with_any(std::string_view text, const auto& words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.ends_with(word); });
}

/// Whether the word at the end of a text is short and begins with a capital.
bool may_be_abbreviated(std::string_view text) {
  std::size_t letters = 0;
  while (letters < text.size() && is_letter(text[text.size() - 1 - letters])) ++letters;
  if (letters == 0 || letters > kShortWord) return false;
  const char first = text[text.size() - letters];
  return first >= 'A' && first <= 'Z';
}

void strip(std::string_view& text) {
  for (bool more = true; more;) {
    more = false;
    for (const std::string_view behind : kBehind) {
      if (!text.ends_with(behind)) continue;
      text.remove_suffix(behind.size());
      more = true;
    }
  }
}

}  // namespace

bool ends_sentence(std::string_view text) {
  strip(text);
  if (text.ends_with('\n')) {
    text.remove_suffix(1);
    strip(text);
    return text.ends_with('\n') || text.empty() || !(is_letter(text.back()) || text.back() == ',');
  }
  if (text.ends_with('.')) return !may_be_abbreviated(text.substr(0, text.size() - 1));
  return ends_with_any(text, kMarks);
}

}  // namespace focusllm
