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

}  // namespace

std::vector<Span> choose_spans(std::span<const std::vector<float>> scores, std::int64_t tokens,
                               const Choice& choice) {
  if (scores.empty() || scores.front().empty()) return {};
  std::vector<float> best = scores.front();
  for (const std::vector<float>& head : scores.subspan(1)) {
    for (std::size_t i = 0; i < best.size(); ++i) best[i] = std::max(best[i], head[i]);
  }
  std::vector<std::size_t> order(best.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return best[a] > best[b]; });
  const double least = choice.threshold * static_cast<double>(best[order.front()]);
  Spans spans;
  std::int64_t taken = 0;
  for (const std::size_t block : order) {
    const bool low = static_cast<double>(best[block]) < least;
    if (best[block] <= 0 || (low && spans.count() >= kAlways)) break;
    const std::int64_t at = static_cast<std::int64_t>(block) * choice.block;
    Span span{.first = std::max<std::int64_t>(0, at - choice.before), .score = best[block]};
    span.tokens = std::min(tokens, at + choice.block + choice.behind) - span.first;
    const std::int64_t more = spans.added_by(span);
    if (taken + more > choice.budget) break;
    taken += more;
    spans.add(span);
  }
  return std::move(spans).by_score();
}

}  // namespace focusllm::context
