#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace focusllm::eval {

/// The passkey task (methods.md section 3, "Passkey format"): a number in a line somewhere in filler, asked
/// for at the end.
struct PasskeyTask {
  enum class Layout { focus, dca };
  Layout layout = Layout::focus;  ///< focus: the task stands before the question; dca: at the beginning
  std::string haystack;           ///< text in place of the published filler; empty: that
  int distractors = 0;            ///< lines of the same form about other numbers under other names
};

struct PasskeyPrompt {
  std::vector<Token> tokens;  ///< without BOS
  std::string key;            ///< the answer
  std::int64_t needle = 0;    ///< about where the line stands: token
};

/// Makes prompts of one task. The same seed gives the same prompts on every machine.
class PasskeyMaker {
 public:
  /// Throws Error for a haystack that is too short to say so, or not of text.
  PasskeyMaker(const Tokenizer& tokenizer, PasskeyTask task);

  /// A prompt of `length` tokens, a few more or less, whose line stands behind `depth` (0 to 1) of the
  /// filler. Throws Error when the length leaves no room for filler, or the haystack is shorter.
  PasskeyPrompt make(std::int64_t length, double depth, std::uint64_t seed) const;

 private:
  std::vector<Token> encode(const std::string& text) const;
  std::string filler(std::int64_t characters) const;
  PasskeyPrompt with_filler(std::int64_t room, double depth, const std::string& line) const;
  PasskeyPrompt in_haystack(std::int64_t room, double depth, const std::string& line,
                            std::uint64_t seed) const;

  const Tokenizer& tokenizer_;
  PasskeyTask task_;
  std::vector<Token> haystack_;
  double characters_per_token_ = 0;  ///< of the published filler
};

/// Whether an answer gives the key: its first number is the key.
bool answers(const std::string& text, const std::string& key);

}  // namespace focusllm::eval
