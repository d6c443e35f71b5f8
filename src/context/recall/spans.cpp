#include "context/recall/spans.h"

#include <algorithm>
#include <numeric>

namespace focusllm::context {
namespace {

constexpr std::int64_t kPartInFront = 4;  // of the tokens in front, where no sentence begins among them

/// Spans that do not touch, by their first token.
class Spans {
 public:
  /// Tokens that adding `more` would bring.
  std::int64_t added_by(const Span& more) const {
    std::int64_t there = 0;
    for (const Span& span : spans_)
      there += std::max<std::int64_t>(0, std::min(span.end(), more.end()) - std::max(span.first, more.first));
    return more.tokens - there;
  }
  void add(Span more) {
    for (const Span& span : spans_) {
      if (span.first > more.end() || span.end() < more.first) continue;
      const std::int64_t end = std::max(span.end(), more.end());
      more.first = std::min(span.first, more.first);
      more.tokens = end - more.first;
      more.score = std::max(span.score, more.score);
    }
    std::erase_if(spans_,
                  [&](const Span& span) { return span.first >= more.first && span.end() <= more.end(); });
    spans_.push_back(more);
  }
  std::size_t count() const { return spans_.size(); }
  std::vector<Span> by_score() && {
    std::ranges::stable_sort(spans_, std::ranges::greater(), &Span::score);
    return std::move(spans_);
  }

 private:
  std::vector<Span> spans_;
};

/// A block with what is shown around it where no sentence's borders are known.
Span least_around(std::int64_t block, std::int64_t tokens, const Choice& choice) {
  const std::int64_t first = std::max<std::int64_t>(0, block - choice.before / kPartInFront);
  return {.first = first, .tokens = std::min(tokens, block + choice.block + choice.behind) - first};
}

/// The same from the beginning of the sentence in which a block begins to the end of the one in which it
/// ends.
Span span_around(std::int64_t block, std::int64_t tokens, const Choice& choice) {
  const Span least = least_around(block, tokens, choice);
  if (!choice.begins_sentence) return least;
  std::int64_t first = block;
  while (first > 0 && first >= block - choice.before && !choice.begins_sentence(first)) --first;
  if (first < block - choice.before) first = least.first;
  std::int64_t end = std::min(tokens, block + choice.block);
  while (end < least.end() && !choice.begins_sentence(end)) ++end;
  return {.first = first, .tokens = end - first};
}

}  // namespace

Span sentence_in(const Span& span, std::int64_t token, const Choice& choice) {
  if (!choice.begins_sentence) return span;
  std::int64_t first = token, end = token + 1;
  while (first > span.first && !choice.begins_sentence(first)) --first;
  while (end < span.end() && !choice.begins_sentence(end)) ++end;
  return {.first = first, .tokens = end - first, .score = span.score};
}

std::int64_t least_place(const Choice& choice) {
  return choice.before / kPartInFront + choice.block + choice.behind;
}

std::vector<Span> choose_spans(std::span<const float> scores, std::span<const float> shares,
                               std::int64_t tokens, const Choice& choice) {
  if (scores.empty()) return {};
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  Spans spans;
  std::int64_t taken = 0;
  for (const std::size_t block : order) {
    const bool low = static_cast<double>(shares[block]) < choice.threshold;
    if (scores[block] <= 0) break;
    if (low && spans.count() >= kAlways) continue;
    const std::int64_t at = static_cast<std::int64_t>(block) * choice.block;
    Span span = span_around(at, tokens, choice);
    if (spans.count() == 0 && span.tokens + choice.each > choice.budget)
      span = least_around(at, tokens, choice);
    span.score = scores[block];
    const std::int64_t more = spans.added_by(span) + choice.each;
    if (taken + more > choice.budget) break;
    taken += more;
    spans.add(span);
  }
  return std::move(spans).by_score();
}

}  // namespace focusllm::context
