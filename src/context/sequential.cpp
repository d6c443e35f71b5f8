#include "context/sequential.h"

#include <algorithm>

#include "base/error.h"
#include "context/memory_check.h"

namespace focusllm::context {
void Sequential::read(std::span<const Token> tokens, const HiddenSink& sink) {
  waiting_.insert(waiting_.end(), tokens.begin(), tokens.end());
  answering_ = false;
  // One token more than a block must be there: the last one belongs to finish().
  std::size_t taken = 0;
  while (static_cast<std::int64_t>(waiting_.size() - taken) > block_) {
    const std::int64_t first = done_;
    const auto hidden = run(std::span(waiting_).subspan(taken, static_cast<std::size_t>(block_)), bool{sink});
    if (sink) sink(first, hidden);
    taken += static_cast<std::size_t>(block_);
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
}

void Sequential::begin_question() {
  flush({}, false);
}

void Sequential::flush(const HiddenSink& sink, bool split) {
  std::vector<Token> rest;
  rest.swap(waiting_);
  const std::span<const Token> tokens(rest);
  const std::size_t together = split && !tokens.empty() ? tokens.size() - 1 : tokens.size();
  for (const auto part : {tokens.first(together), tokens.subspan(together)}) {
    if (part.empty()) continue;
    answering_ = split && &part.back() == &tokens.back();
    const std::int64_t first = done_;
    const auto hidden = run(part, true);
    if (sink) sink(first, hidden);
  }
}

std::span<const float> Sequential::finish(const HiddenSink& sink) {
  flush(sink, last_alone_);
  if (last_hidden_.empty()) fail("nothing to continue: the text is empty");
  return last_hidden_;
}

std::span<const float> Sequential::step(Token token) {
  if (!waiting_.empty()) {
    waiting_.push_back(token);
    return finish({});
  }
  answering_ = true;
  stepping_ = true;
  run({&token, 1}, true);
  stepping_ = false;
  return last_hidden_;
}

std::span<const float> Sequential::run(std::span<const Token> tokens, bool need_hidden) {
  const auto count = static_cast<std::int64_t>(tokens.size());
  check_memory(done_, count);
  rows_.clear();
  const Use use = stepping_ ? Use::answer : Use::read;
  for (std::int64_t i = 0; i < count; ++i) rows_.add(tokens[static_cast<std::size_t>(i)], done_ + i, use);
  begin(done_, count);
  std::span<const float> hidden;
  if (need_hidden) {
    hidden = decoder_.forward(rows_, *this, *cancel_);
    const auto last = hidden.last(static_cast<std::size_t>(spec().width));
    last_hidden_.assign(last.begin(), last.end());
  } else {
    decoder_.read(rows_, *this, *cancel_);
  }
  end();
  done_ += count;
  return hidden;
}

}  // namespace focusllm::context
