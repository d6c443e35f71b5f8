#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace focusllm::context {

/// Spans that are taken whatever their score: the question's own form, or an instruction in the text, may
/// look most like what is asked for.
inline constexpr std::size_t kAlways = 2;

/// Tokens of a text that are shown with a question.
struct Span {
  std::int64_t first = 0;
  std::int64_t tokens = 0;
  double score = 0;  ///< of its best block
  std::int64_t end() const { return first + tokens; }
};

/// How blocks become spans.
struct Choice {
  std::int64_t block = 32;   ///< tokens
  std::int64_t before = 64;  ///< tokens in front of a block, at most: as far as its sentence goes
  std::int64_t behind = 64;
  /// Whether a sentence begins with a token; where none does near enough, a quarter of the tokens in front
  /// and all of those behind are shown. May be empty: likewise.
  std::function<bool(std::int64_t token)> begins_sentence = {};
  std::int64_t each = 0;    ///< tokens that stand with each span
  std::int64_t budget = 0;  ///< tokens of all spans together, at most
  double threshold = 0;     ///< from the third span on, blocks with a smaller share of the best stay out
};

/// The sentence within a span in which a token stands; all of the span where no borders are known.
Span sentence_in(const Span& span, std::int64_t token, const Choice& choice);
/// Tokens of the least that is shown for a block in the middle of a text.
std::int64_t least_place(const Choice& choice);
/// The best blocks of a text of `tokens` tokens with their surroundings, which are joined where they touch;
/// by score, the best first. scores: [blocks]. shares: [blocks], what of the best one each comes to.
std::vector<Span> choose_spans(std::span<const float> scores, std::span<const float> shares,
                               std::int64_t tokens, const Choice& choice);

}  // namespace focusllm::context
