#include "tokenizer/neighbours.h"

#include "tokenizer/unicode.h"

namespace focusllm {
namespace {

constexpr std::uint32_t kPackedSpace = 0xe29681;  // U+2581 in UTF-8

/// The bytes as a number: different for any two characters but the space and U+2581.
std::uint32_t pack(std::string_view character) {
  if (character == " ") return kPackedSpace;
  std::uint32_t code = 0;
  for (const char c : character) code = code << 8 | static_cast<unsigned char>(c);
  return code;
}

}  // namespace

void Neighbours::add_text(std::string_view text) {
  if (text.empty()) return;
  std::uint32_t left = pack(announced_character(text));
  text.remove_prefix(announced_character(text).size());
  while (!text.empty()) {
    const std::string_view character = announced_character(text);
    const std::uint32_t right = pack(character);
    if (left < 128 && right < 128) {
      ascii_[left * 128 + right] = true;
    } else {
      others_.insert(std::uint64_t{left} << 32 | right, true);
    }
    left = right;
    text.remove_prefix(character.size());
  }
}

bool Neighbours::contains(std::string_view left, std::string_view right) const {
  const std::uint32_t a = pack(left), b = pack(right);
  if (a < 128 && b < 128) return ascii_[a * 128 + b];
  return others_.find(std::uint64_t{a} << 32 | b) != nullptr;
}

std::string_view character_before(std::string_view text, std::size_t at) {
  for (std::size_t size = 1; size <= 4 && size <= at; ++size) {
    const std::string_view character = text.substr(at - size, size);
    if (valid_size(character) == size) return character;
  }
  return {};
}

}  // namespace focusllm
