#include "context/recall/spans.h"

#include <algorithm>
#include <numeric>

namespace focusllm::context {
namespace {

/// Spans that are taken whatever their score: the question's own form, or an instruction in the text, may
/// look most like what is asked for.
constexpr std::size_t kAlways = 2;

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

/// Where the sentence begins in which a block does.
std::int64_t first_shown(std::int64_t block, const Choice& choice) {
  const std::int64_t least = std::max<std::int64_t>(0, block - choice.before);
  for (std::int64_t token = block; choice.begins_sentence && token >= least; --token)
    if (token == 0 || choice.begins_sentence(token)) return token;
  return std::max(least, block - choice.before / 4);
}

/// Where the sentence ends in which a block does, which ends before `end`.
std::int64_t end_shown(std::int64_t end, std::int64_t tokens, const Choice& choice) {
  const std::int64_t most = std::min(tokens, end + choice.behind);
  for (std::int64_t token = end; choice.begins_sentence && token < most; ++token)
    if (choice.begins_sentence(token)) return token;
  return most;
}

}  // namespace

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
    Span span{.first = first_shown(at, choice), .score = scores[block]};
    span.tokens = std::min(tokens, end_shown(at + choice.block, tokens, choice)) - span.first;
    const std::int64_t more = spans.added_by(span);
    if (taken + more > choice.budget) break;
    taken += more;
    spans.add(span);
  }
  return std::move(spans).by_score();
}

}  // namespace focusllm::context
