#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eval/metrics.h"
#include "focusllm/session.h"

namespace focusllm::eval {

/// What is expected where the text does not say what is asked for.
inline constexpr const char* kNotThere = "(the text does not say)";

/// What a model is asked, and how its answer is scored.
struct Prompt {
  std::vector<Token> tokens;        ///< without BOS
  std::int64_t text_tokens = 0;     ///< of them the text, in front of the question
  std::int64_t example_tokens = 0;  ///< of the text a solved example in front, which the chat form leaves out
  std::string question;             ///< about the text, in chat form; empty: the task has no such form
  std::vector<std::string> support;    ///< places of the text that the answer follows from; empty: not known
  bool absent = false;                 ///< the text does not say what is asked for
  std::vector<std::string> expected;   ///< what the metric compares with; not empty
  std::optional<std::int64_t> needle;  ///< where the one needle stands: token
  std::int64_t answer_tokens = 0;      ///< at most generated
  Metric metric;
  bool first_line = false;  ///< only the answer's first line counts (line breaks before it do not)

  /// The text in chat form.
  std::span<const Token> text() const {
    return std::span(tokens).subspan(static_cast<std::size_t>(example_tokens),
                                     static_cast<std::size_t>(text_tokens - example_tokens));
  }
};

/// Which prompt of a task.
struct Case {
  std::int64_t length = 0;          ///< tokens
  double depth = 0;                 ///< where the one needle stands, 0 to 1
  std::uint64_t seed = 0;           ///< of this length, depth and trial
  std::uint64_t haystack_seed = 0;  ///< the same for all trials of a length
  std::uint64_t text_seed = 0;      ///< the same for all trials that ask about one text
  int question = 0;                 ///< of that text: from 0, below Task::questions()
};

/// A task that makes its prompts itself. Equal cases give equal prompts on every machine; prompts of one
/// length share every chunk in which their own lines do not stand, as far as the task's definition allows.
/// Const and thread-safe.
class Task {
 public:
  virtual ~Task() = default;
  virtual std::string variant() const = 0;  ///< its form, for people
  virtual std::string chat_variant() const { return variant() + ", chat"; }
  virtual bool has_depth() const = 0;  ///< whether there is one needle, so that `depth` means something
  /// Trials, one after the other, that ask about the same text, which need not be read again.
  virtual int questions() const { return 1; }
  /// A prompt of at most `length` tokens, as near to it as the task's unit (a token, a line, a word) allows.
  /// Throws Error when the length has no room for the task, or its material does not suffice.
  virtual Prompt make(const Case& which) const = 0;
};

}  // namespace focusllm::eval
