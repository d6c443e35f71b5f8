#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/flat_map.h"
#include "tokenizer/vocabulary.h"

namespace focusllm {

/// A piece of text, or a token where `token` is not negative.
struct Fragment {
  std::string_view text;
  Token token = -1;
};

/// Finds tokens that stand in the text by their names, before any merging: user-defined ones always, control
/// and unknown ones where asked for. As llama.cpp, the longest name is looked for first in the whole text,
/// then the next in what is left. Thread-safe.
class SpecialTokens {
 public:
  /// Those tokens of `vocabulary` (which must stay) that have any of `kind_bits` and none of `not_bits`.
  SpecialTokens(const Vocabulary& vocabulary, std::uint8_t kind_bits, std::uint8_t not_bits);

  /// Pieces of text and tokens in order; no piece is empty.
  std::vector<Fragment> split(std::string_view text) const;
  /// Whether a token's name is the end of `text`.
  bool end_of(std::string_view text) const;

 private:
  struct Name {
    std::string_view text;
    Token token;
  };
  class Found;

  void add(std::uint32_t rank);
  /// Notes the names at `at`; gives the end of the longest one, `at` if there is none.
  std::size_t match(std::string_view text, std::size_t at, Found& found) const;
  void resolve(std::string_view text, Found& found, std::vector<Fragment>& fragments) const;

  std::vector<Name> names_;          ///< longest first
  FlatMap<std::uint32_t> children_;  ///< (node << 8 | byte) to node
  std::vector<std::int32_t> ranks_;  ///< of each node: its place in names_, or -1
  std::array<bool, 256> begins_{};
};

}  // namespace focusllm
