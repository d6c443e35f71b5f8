#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>

#include "tokenizer/flat_map.h"
#include "tokenizer/unicode.h"

namespace focusllm {

/// Which pairs of characters stand next to each other within some token's text. Between two others no token,
/// and so no merge, can reach across. A character is what its first byte announces, as in llama.cpp; the
/// space and U+2581, which SentencePiece writes for it, count as one.
class Neighbours {
 public:
  void add_text(std::string_view text);
  bool contains(std::string_view left, std::string_view right) const;

 private:
  std::bitset<128 * 128> ascii_;
  FlatMap<bool> others_{1 << 16};
};

/// The character (as announced by its first byte, cut at the end) at the beginning of `text`, which is not
/// empty.
inline std::string_view announced_character(std::string_view text) {
  return text.substr(0, announced_size(text[0]));
}

/// The well-formed character that ends at `at`; empty if there is none.
std::string_view character_before(std::string_view text, std::size_t at);

}  // namespace focusllm
