#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace focusllm::context {

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
  std::int64_t before = 16;  ///< tokens in front of a block
  std::int64_t behind = 64;
  std::int64_t budget = 0;  ///< tokens of all spans together, at most
  double threshold = 0;     ///< from the third span on, blocks with less of the best score stay out
};

/// The best blocks of a text of `tokens` tokens with their surroundings, which are joined where they touch;
/// by score, the best first. scores: [heads][blocks]; a block's is the largest of all heads.
std::vector<Span> choose_spans(std::span<const std::vector<float>> scores, std::int64_t tokens,
                               const Choice& choice);

}  // namespace focusllm::context
