#include "context/focus/chunker.h"

#include <algorithm>

namespace focusllm::context {

void Chunker::append(std::span<const std::int32_t> tokens) {
  rest_.insert(rest_.end(), tokens.begin(), tokens.end());
}

std::int64_t Chunker::certain() const {
  if (ended()) return 0;
  return std::max<std::int64_t>(0, (std::ssize(rest_) - sizes_.local - sizes_.overlap) / stride());
}

/// `first`: of rest_.
TextChunk Chunker::cut(std::int64_t first, std::int64_t tokens) const {
  const auto begin = rest_.begin() + first;
  return {next_ + first, {begin, begin + tokens}};
}

/// So many whole chunks were cut: what the next one repeats of them stays.
void Chunker::advance(std::int64_t chunks) {
  rest_.erase(rest_.begin(), rest_.begin() + chunks * stride());
  next_ += chunks * stride();
}

std::vector<TextChunk> Chunker::take(std::int64_t count) {
  std::vector<TextChunk> chunks;
  for (std::int64_t i = 0; i < count; ++i) chunks.push_back(cut(i * stride(), sizes_.chunk));
  advance(count);
  return chunks;
}

std::vector<TextChunk> Chunker::end() {
  std::vector<TextChunk> chunks = take(certain());
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
