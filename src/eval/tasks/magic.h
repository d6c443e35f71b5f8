#pragma once

#include <string>
#include <vector>

#include "eval/chance.h"

namespace focusllm::eval {

// RULER's words about special magic numbers, words or uuids ("kind"), each with a key.

inline constexpr std::int64_t kMagicAnswerTokens = 128;  ///< as RULER generates

std::string draw_magic_value(Chance& chance, const std::string& kind);
std::string magic_line(const std::string& kind, const std::string& key, const std::string& value);

/// What stands around a text with such lines.
struct MagicWords {
  std::string before;
  std::string question;
  std::string answer;  ///< how the answer begins
};
/// About keys with so many values each; in the singular for one value.
MagicWords magic_words(const std::string& kind, const std::vector<std::string>& keys,
                       std::size_t values_each);

}  // namespace focusllm::eval
