#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "focusllm/tokenizer.h"

namespace focusllm {

/// A place where a text may be cut.
struct Border {
  std::size_t byte = 0;        ///< in front of which it is
  std::int64_t tokens = 0;     ///< of the text before it, about
  std::uint64_t priority = 0;  ///< where to cut rather: behind a paragraph, a line, a word, a character
};

/// All of them, ascending; the last is the end of the text. Behind every line; in a line of more than `most`
/// tokens behind every word, in a word of more than that behind every character. A priority follows from what
/// stands near the border, and from nothing else.
std::vector<Border> borders_of(const Tokenizer& tokenizer, std::string_view text, std::int64_t most);

/// Which of the borders to cut at, so that no part has more than `most` tokens where there is a border for
/// that; the end of the text among them. What changes in the text moves only cuts near it: one that has a
/// higher priority than all others half a part before and behind it is taken whatever stands further off
/// (local maximum chunking, Bjørner et al., 2010). What is longer than a part between two of these is cut at
/// its highest priority, again and again, which leaves the halves that did not change as they are; a text
/// that repeats itself from its beginning on. What is shorter than an eighth of a part then goes with what is
/// behind it, where that fits.
std::vector<std::size_t> choose_borders(const std::vector<Border>& borders, std::int64_t most);

}  // namespace focusllm
