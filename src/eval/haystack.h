#pragma once

#include <string>
#include <vector>

#include "eval/plan.h"
#include "eval/task.h"

namespace focusllm::eval {

/// Text in which lines are hidden. Const and thread-safe; the tokenizer outlives it.
class Haystack {
 public:
  /// Without a text: the published filler, of any length. Throws Error for a text that is too large.
  Haystack(const Tokenizer& tokenizer, const NamedText& text);

  const Tokenizer& tokenizer() const { return tokenizer_; }
  const std::string& name() const { return name_; }
  bool published() const { return tokens_.empty(); }
  /// So many characters of the published filler.
  static std::string filler(std::int64_t characters);
  double filler_characters_per_token() const { return characters_per_token_; }
  /// Its first tokens. Throws Error when there are fewer.
  std::vector<Token> first(std::int64_t count) const { return from(0, count); }
  /// So many tokens of it, as far from the beginning as its length allows times `place` (0 to 1).
  std::vector<Token> from(double place, std::int64_t count) const;

 private:
  const Tokenizer& tokenizer_;
  std::string name_;
  std::vector<Token> tokens_;  ///< empty: the published filler
  double characters_per_token_ = 0;
};

/// Lines hidden in a haystack, between what stands before and behind it.
struct Hidden {
  std::vector<Token> before;
  std::string after;
  std::vector<std::string> lines;
  std::vector<double> places;  ///< of each line, 0 to 1, ascending
  std::string question = {};   ///< in place of `after`, in chat form
  double begin = 0;            ///< where in the haystack the text begins (Haystack::from)
};
/// A prompt of exactly `length` tokens. Lines take the place of as many tokens, so that all others stay where
/// they are: prompts that differ in their lines share their other chunks. `needle` is the first line's place.
/// Throws Error when there is no room.
Prompt hide(const Haystack& haystack, const Hidden& hidden, std::int64_t length);

/// A line of its own within other text.
std::vector<Token> line_tokens(const Tokenizer& tokenizer, const std::string& line);
/// Throws Error unless `room` tokens suffice for some filler in a prompt of `length`.
void check_room(std::int64_t room, std::int64_t length);

void append(std::vector<Token>& to, const std::vector<Token>& tokens);

}  // namespace focusllm::eval
