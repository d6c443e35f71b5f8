#include "context/focus/chunk_encoder.h"

#include <algorithm>

namespace focusllm::context {

/// What stands for the tokens already, in the store or among what is about to be encoded, or null.
std::shared_ptr<const memory::Segment> ChunkEncoder::known(std::span<const Token> tokens) const {
  for (const Work& work : works_) {
    if (std::equal(tokens.begin(), tokens.end(), work.tokens.begin(), work.tokens.end())) return work.segment;
  }
  return store_.find(model_.number(), tokens, type_);
}

std::shared_ptr<const memory::Segment> ChunkEncoder::take(std::span<const Token> chunk) {
  if (auto segment = known(chunk)) return segment;
  const model::Spec& spec = model_.spec();
  auto segment = std::make_shared<memory::Segment>(spec.heads, type_, spec.layers, std::ssize(chunk));
  works_.emplace_back(spec, chunk, segment);
  return segment;
}

std::int64_t ChunkEncoder::pending_tokens() const {
  std::int64_t pending = 0;
  for (const Work& work : works_) pending += std::ssize(work.tokens) - work.done;
  return pending;
}

bool ChunkEncoder::plan(model::Pass& pass, std::int64_t most_rows) {
  for (Work& work : works_) {
    if (most_rows <= 0) break;
    work.planned = std::min(std::ssize(work.tokens) - work.done, most_rows);
    const auto rows =
        std::span(work.tokens)
            .subspan(static_cast<std::size_t>(work.done), static_cast<std::size_t>(work.planned));
    work.entry = pass.add(work.lane, rows, work.done, Use::read, model::Want::nothing);
    most_rows -= work.planned;
  }
  return !works_.empty();
}

void ChunkEncoder::took(const model::Pass& pass) {
  for (Work& work : works_) {
    if (work.planned == 0) break;
    pass.check(work.entry);
    work.done += std::exchange(work.planned, 0);
  }
  while (!works_.empty() && works_.front().done == std::ssize(works_.front().tokens)) {
    store_.insert(model_.number(), works_.front().tokens, works_.front().segment);
    works_.pop_front();
  }
}

}  // namespace focusllm::context
