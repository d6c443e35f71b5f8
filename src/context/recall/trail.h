#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "context/recall/score.h"
#include "context/recall/spans.h"

namespace focusllm::context {

/// The places that a question found, and those that the sentences found in them lead to: what a question asks
/// for may be said in several steps, each named by the one before alone (VAR X = 12345 ... VAR Y = VAR X).
class Trail {
 public:
  Trail() = default;
  /// found: the question's places, the best first. clues: the sentences of the first of them, which are asked
  /// for in turn. steps: from such a place, at most.
  Trail(std::vector<Span> found, std::span<const Span> clues, std::int64_t steps);

  /// The sentence to ask for next; null where there is none.
  const Span* clue() const { return clues_.empty() ? nullptr : &clues_.front().sentence; }
  /// What that sentence leads to: a place, with the sentence that was found in it. It is left out where it
  /// does not fit in `budget` tokens even if the question's own places from the third on make room.
  void go_on(Span place, const Span& sentence, std::int64_t budget);
  /// It leads nowhere.
  void give_up() { clues_.pop_front(); }

  /// The tokens of all places, ascending.
  std::vector<TokenRange> tokens() const;
  /// The question's own, the best first, then those that they led to.
  std::vector<Span> places() const;
  /// As they stand in a prompt: the question's best place last, each with what it led to, in the text's
  /// order.
  std::vector<Span> in_prompt() const;

 private:
  struct Place {
    Span span;
    std::size_t origin;  ///< which of the question's it follows from
    bool led_to;
  };
  struct Clue {
    Span sentence;
    std::size_t origin;
    std::int64_t steps;  ///< that may follow
  };
  std::int64_t tokens_if(const std::function<bool(const Place&)>& counts) const;
  void clip(Span& place) const;

  std::vector<Place> places_;
  std::deque<Clue> clues_;
};

}  // namespace focusllm::context
