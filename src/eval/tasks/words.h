#pragma once

#include <string>
#include <vector>

#include "eval/chance.h"

namespace focusllm::eval {

// English words in place of the lists of wonderwords that RULER takes. No word contains another, so that a
// match by substring is one of the word.

/// An adjective and a noun: "wooden-lantern".
std::string draw_word_pair(Chance& chance);
/// Adjectives, nouns and verbs.
const std::vector<std::string>& all_words();
/// One of all words and a noun, for lists that need more.
const std::vector<std::string>& all_pairs();

}  // namespace focusllm::eval
