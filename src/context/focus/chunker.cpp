#include "context/focus/chunker.h"

#include <algorithm>
#include <utility>

#include "base/ceil_div.h"

namespace focusllm::context {

void Chunker::follow(std::vector<std::vector<std::int32_t>> chunks) {
  std::erase_if(chunks, [this](const auto& chunk) {
    return std::ssize(chunk) <= sizes_.overlap || std::ssize(chunk) > sizes_.chunk;
  });
  if (!chunks.empty()) known_.emplace(std::move(chunks));
}

void Chunker::append(std::span<const std::int32_t> tokens) {
  rest_.insert(rest_.end(), tokens.begin(), tokens.end());
}

std::int64_t Chunker::certain() const {
  if (ended()) return 0;
  // A known chunk may begin up to two strides further on.
  const std::int64_t seen = sizes_.local + sizes_.chunk + (follows() ? 2 * stride() : 0);
  return std::ssize(rest_) < seen ? 0 : 1 + (std::ssize(rest_) - seen) / stride();
}

/// From the chunk that begins at `first` of rest_ to where the next one begins, so that a known chunk follows
/// that is less than `most` tokens away; nothing where there is none.
std::optional<std::int64_t> Chunker::step_to_known(std::int64_t first, std::int64_t most) const {
  const std::int64_t before = std::ssize(rest_) - sizes_.local;  // the window
  const auto known_at = [&](std::int64_t place) {
    const auto text = std::span(rest_).first(static_cast<std::size_t>(std::max(first + place, before)));
    return known_->at(text.subspan(static_cast<std::size_t>(first + place)));
  };
  if (const std::int64_t tokens = known_at(0)) return tokens - sizes_.overlap;
  for (std::int64_t place = ceil_div(stride(), 2); place < std::min(most, before - first); ++place) {
    if (known_at(place) == 0) continue;
    if (place <= stride()) return place;
    if (place >= 2 * stride()) return stride();
    // Two chunks in any case. In a text that repeats itself, the further place leaves less to its end.
    const std::int64_t end = std::min({place + stride() / 2, 2 * stride() - 1, before - first - 1});
    std::int64_t last = end;
    while (known_at(last) == 0) --last;
    return ceil_div(last, 2);
  }
  return std::nullopt;
}

/// `first`: of rest_.
TextChunk Chunker::cut(std::int64_t first, std::int64_t tokens) const {
  const auto begin = rest_.begin() + first;
  return {next_ + first, {begin, begin + tokens}};
}

/// Whole chunks were cut, and the next one begins so many tokens on: what it repeats of them stays.
void Chunker::advance(std::int64_t tokens) {
  rest_.erase(rest_.begin(), rest_.begin() + tokens);
  next_ += tokens;
}

std::vector<TextChunk> Chunker::take(std::int64_t count) {
  std::vector<TextChunk> chunks;
  std::int64_t first = 0;
  for (; count > 0; --count) {
    const std::optional<std::int64_t> step =
        follows() ? step_to_known(first, 2 * stride()) : std::optional<std::int64_t>();
    chunks.push_back(cut(first, step.value_or(stride()) + sizes_.overlap));
    first += step.value_or(stride());
  }
  advance(first);
  return chunks;
}

std::vector<TextChunk> Chunker::end_following() {
  std::vector<TextChunk> chunks;
  if (!follows()) return chunks;
  std::int64_t first = 0;
  while (const auto step = step_to_known(first, std::ssize(rest_))) {
    chunks.push_back(cut(first, *step + sizes_.overlap));
    first += *step;
  }
  advance(first);
  known_.reset();
  return chunks;
}

std::vector<TextChunk> Chunker::end() {
  std::vector<TextChunk> chunks = end_following();
  for (TextChunk& chunk : take(certain())) chunks.push_back(std::move(chunk));
  const std::int64_t before = std::max<std::int64_t>(0, tokens() - sizes_.local) - next_;  // the window
  if (next_ + before > in_chunks()) chunks.push_back(cut(0, before));
  window_begin_ = next_ + before;
  return chunks;
}

bool Chunker::go_on() {
  const std::int64_t with_short = in_chunks();
  window_begin_.reset();
  return in_chunks() < with_short;
}

std::span<const std::int32_t> Chunker::window() const {
  return std::span(rest_).subspan(static_cast<std::size_t>(*window_begin_ - next_));
}

std::int64_t Chunker::in_chunks() const {
  if (ended()) return *window_begin_;
  return next_ == 0 ? 0 : next_ + sizes_.overlap;
}

}  // namespace focusllm::context
