#include "context/recall/trail.h"

#include <algorithm>

namespace focusllm::context {

Trail::Trail(std::vector<Span> found, std::span<const Span> clues, std::int64_t steps) {
  for (const Span& span : found) places_.push_back({span, places_.size(), false});
  if (steps < 1) return;
  for (const Span& sentence : clues) clues_.push_back({sentence, clues_.size(), steps - 1});
}

std::int64_t Trail::tokens_if(const std::function<bool(const Place&)>& counts) const {
  std::int64_t tokens = 0;
  for (const Place& place : places_)
    if (counts(place)) tokens += place.span.tokens;
  return tokens;
}

/// Leaves out what is shown already.
void Trail::clip(Span& place) const {
  std::int64_t end = place.end();
  for (const TokenRange& shown : tokens()) {
    if (shown.end <= place.first || shown.first >= end) continue;
    if (shown.first <= place.first) {
      place.first = shown.end;
    } else {
      end = shown.first;
    }
  }
  place.tokens = end - place.first;
}

void Trail::go_on(Span place, const Span& sentence, std::int64_t budget) {
  const Clue from = clues_.front();
  clues_.pop_front();
  clip(place);
  const auto spare = [](const Place& one) { return !one.led_to && one.origin >= kAlways; };
  std::int64_t room = budget - tokens_if([&](const Place& one) { return !spare(one); });
  if (place.tokens <= 0 || place.tokens > room) return;
  // The best of those that can be spared stay as far as they fit.
  room -= place.tokens;
  std::erase_if(places_, [&](const Place& one) { return spare(one) && (room -= one.span.tokens) < 0; });
  place.score = std::min(place.score, places_[from.origin].span.score);
  places_.push_back({place, from.origin, true});
  if (from.steps > 0) clues_.push_back({sentence, from.origin, from.steps - 1});
}

std::vector<TokenRange> Trail::tokens() const {
  std::vector<TokenRange> all;
  for (const Place& place : places_) all.push_back({place.span.first, place.span.end()});
  std::ranges::sort(all, {}, &TokenRange::first);
  return all;
}

std::vector<Span> Trail::places() const {
  std::vector<Span> all;
  for (const Place& place : places_) all.push_back(place.span);
  return all;
}

std::vector<Span> Trail::in_prompt() const {
  std::vector<Place> sorted = places_;
  std::ranges::sort(sorted, [](const Place& a, const Place& b) {
    return a.origin != b.origin ? a.origin > b.origin : a.span.first < b.span.first;
  });
  std::vector<Span> all;
  for (const Place& place : sorted) all.push_back(place.span);
  return all;
}

}  // namespace focusllm::context
