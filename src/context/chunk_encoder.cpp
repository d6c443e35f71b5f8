#include "context/chunk_encoder.h"

#include <algorithm>

namespace focusllm::context {

/// What stands for the tokens already, in the store or among what is about to be encoded, or null.
std::shared_ptr<const memory::Segment> ChunkEncoder::known(std::span<const std::int32_t> tokens,
                                                           std::span<const Work> works) const {
  for (const Work& work : works) {
    if (std::equal(tokens.begin(), tokens.end(), work.tokens.begin(), work.tokens.end())) return work.segment;
  }
  return store_.find(tokens, type_);
}

std::vector<std::shared_ptr<const memory::Segment>> ChunkEncoder::encode(std::span<const std::int32_t> text,
                                                                         std::int64_t chunk,
                                                                         std::int64_t stride) {
  const model::Spec& spec = lockstep_.model().spec();
  std::vector<std::shared_ptr<const memory::Segment>> segments;
  std::vector<Work> works;
  const auto size = static_cast<std::int64_t>(text.size());
  for (std::int64_t first = 0; first == 0 || first + chunk - stride < size; first += stride) {
    const std::int64_t count = std::min(chunk, size - first);
    const auto tokens = text.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    segments.push_back(known(tokens, works));
    if (segments.back() != nullptr) continue;
    auto segment = std::make_shared<memory::Segment>(spec.heads, type_, spec.layers, count);
    segments.back() = segment;
    works.push_back({tokens, segment, ChunkText(*segment)});
  }
  run(works);
  for (const Work& work : works) store_.insert(work.tokens, work.segment);
  return segments;
}

void ChunkEncoder::run(std::span<Work> works) {
  while (!works.empty()) {
    std::size_t together = 1;
    auto rows = static_cast<std::int64_t>(works.front().tokens.size());
    while (together < works.size() &&
           rows + static_cast<std::int64_t>(works[together].tokens.size()) <= kPassRows) {
      rows += static_cast<std::int64_t>(works[together++].tokens.size());
    }
    for (std::int64_t from = 0; from < rows; from += kPassRows) {
      run_rows(works.first(together), from, std::min(kPassRows, rows - from));
    }
    works = works.subspan(together);
  }
}

/// One pass: several whole chunks, or `count` rows of a long one.
void ChunkEncoder::run_rows(std::span<Work> works, std::int64_t from, std::int64_t count) {
  for (Work& work : works) {
    const auto size = static_cast<std::int64_t>(work.tokens.size());
    const auto rows = std::min(count, size - from);
    lockstep_.add(work.sequence,
                  work.tokens.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(rows)), from,
                  Use::read);
  }
  lockstep_.read(cancel_);
}

}  // namespace focusllm::context
