#include "context/focus/chunk_encoder.h"

#include <algorithm>

namespace focusllm::context {

/// What stands for the tokens already, in the store or among what is about to be encoded, or null.
std::shared_ptr<const memory::Segment> ChunkEncoder::known(const memory::SegmentKey& key) const {
  for (const Work& work : works_) {
    if (std::ranges::equal(work.tokens(), key.tokens)) return work.segment;
  }
  return store_.find(key);
}

std::shared_ptr<const memory::Segment> ChunkEncoder::take(std::span<const Token> chunk) {
  memory::SegmentKey key{identity_, {chunk.begin(), chunk.end()}};
  if (auto segment = known(key)) return segment;
  auto segment = std::make_shared<memory::Segment>(spec_.heads, spec_.layers, std::move(key), isa_);
  works_.emplace_back(spec_, segment);
  return segment;
}

void ChunkEncoder::save(const std::shared_ptr<const memory::Segment>& chunk, memory::Saver& saver) {
  saver.array(std::span<const Token>(chunk->key()->tokens));
  saver.bytes({.parts = {chunk->data()}, .keepers = {chunk}});
}

std::shared_ptr<const memory::Segment> ChunkEncoder::load(memory::Loader& loader) {
  memory::SegmentKey key{identity_, loader.array<Token>()};
  const memory::KvLayout layout(spec_.heads, identity_.kv_type, std::ssize(key.tokens));
  auto bytes = loader.bytes(static_cast<std::size_t>(layout.bytes(spec_.layers)));
  if (auto segment = known(key)) return segment;
  auto segment = memory::Segment::encoded(spec_.heads, spec_.layers, std::move(key), isa_, std::move(bytes));
  store_.insert(segment);
  return segment;
}

bool ChunkEncoder::encodes(const memory::Segment& chunk) const {
  return std::ranges::any_of(works_, [&](const Work& work) { return work.segment.get() == &chunk; });
}

std::int64_t ChunkEncoder::pending_tokens() const {
  std::int64_t pending = 0;
  for (const Work& work : works_) pending += work.segment->capacity() - work.done;
  return pending;
}

bool ChunkEncoder::plan(model::Pass& pass, std::int64_t most_rows) {
  for (Work& work : works_) {
    if (most_rows <= 0) break;
    work.planned = std::min(work.segment->capacity() - work.done, most_rows);
    const auto rows =
        work.tokens().subspan(static_cast<std::size_t>(work.done), static_cast<std::size_t>(work.planned));
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
  while (!works_.empty() && works_.front().over()) {
    store_.insert(works_.front().segment);
    works_.pop_front();
  }
}

}  // namespace focusllm::context
