// Samples of running text: what comes next, and what was there before.
#include <algorithm>

#include "base/error.h"
#include "data/draw.h"

namespace focusllm::data {
namespace {

/// The fewest tokens of a local window's own text.
constexpr std::int64_t kLeastText = 8;
/// Tokens that a repeated passage begins with before it is to be gone on with.
constexpr Range kCue{4, 48};

/// Where a run can be cut so that its text goes on behind the chunks before.
struct Cut {
  std::int64_t run = 0;
  std::int64_t chunk = 0;  ///< the first one that is not in memory any more; at least 1
};

std::vector<Cut> cuts(const Draw& draw) {
  std::vector<Cut> result;
  for (std::int64_t run = 0; run < std::ssize(draw.runs); ++run) {
    const Chunks& chunks = draw.runs[static_cast<std::size_t>(run)];
    for (std::int64_t i = 1; i <= std::ssize(chunks); ++i) {
      const PoolChunk& last = *chunks[static_cast<std::size_t>(i - 1)];
      if (last.end + kLeastText <= std::ssize(last.document->tokens)) result.push_back({run, i});
    }
  }
  return result;
}

/// The last chunks before the cut that are one text, at most `count`.
Chunks text_before(const Draw& draw, const Cut& cut, std::int64_t count) {
  const Chunks& run = draw.runs[static_cast<std::size_t>(cut.run)];
  std::int64_t begin = cut.chunk - 1;
  while (begin > 0 && cut.chunk - begin < count &&
         run[static_cast<std::size_t>(begin - 1)]->goes_on_in(*run[static_cast<std::size_t>(begin)]))
    --begin;
  return {run.begin() + begin, run.begin() + cut.chunk};
}

/// The tokens of a chunk from `offset` on, and of those that go on behind it.
std::vector<Token> passage_from(const Chunks& memory, std::size_t index, std::int64_t offset,
                                std::int64_t count) {
  std::vector<Token> tokens;
  for (; std::ssize(tokens) < count; ++index) {
    const auto& chunk = memory[index]->chunk->tokens;
    const std::int64_t take = std::min<std::int64_t>(count - std::ssize(tokens), std::ssize(chunk) - offset);
    tokens.insert(tokens.end(), chunk.begin() + offset, chunk.begin() + offset + take);
    if (index + 1 == memory.size() || !memory[index]->goes_on_in(*memory[index + 1])) break;
    offset = memory[index + 1]->repeats;
  }
  return tokens;
}

/// Text whose last `labels` tokens are to be predicted; the first one never is.
void add_text(Rows& rows, const std::vector<Token>& text, std::int64_t labels) {
  const std::int64_t prompt = std::max<std::int64_t>(std::ssize(text) - labels, 1);
  rows.add({text.begin(), text.begin() + prompt});
  rows.add({text.begin() + prompt, text.end()}, true);
}

}  // namespace

Drawn draw_continuation(const Draw& draw) {
  const std::int64_t count = draw.random.in(draw.options().chunks);
  const std::vector<Cut> possible = cuts(draw);
  if (possible.empty())
    fail(
        "no document goes on behind its first chunk: give longer texts, smaller `chunk_size` or "
        "`continuation` 0");
  const Cut cut = draw.random.pick(possible);
  const PoolChunk& last =
      *draw.runs[static_cast<std::size_t>(cut.run)][static_cast<std::size_t>(cut.chunk - 1)];
  Chunks own;
  if (draw.runs.size() == 1 || !draw.random.chance(draw.options().unrelated))
    own = text_before(draw, cut, count);
  // Other documents before it, where it has not enough chunks of its own.
  Chunks memory = draw_memory(draw, count - std::ssize(own), cut.run);
  memory.insert(memory.end(), own.begin(), own.end());

  const auto& text = last.document->tokens;
  const std::int64_t labels = draw.random.in(draw.options().labels);
  const std::int64_t wanted = draw.random.log_in(draw.options().local) + labels;
  const std::int64_t end = std::min<std::int64_t>(last.end + wanted, std::ssize(text));
  Rows rows;
  add_text(rows, {text.begin() + last.end, text.begin() + end}, std::min(labels, (end - last.end) / 2));
  return finish(draw, train::Sample::Kind::continuation, std::move(memory), rows);
}

Drawn draw_repetition(const Draw& draw) {
  Chunks memory = draw_memory(draw, draw.random.in(draw.options().chunks));
  const std::int64_t index = draw.random.below(std::ssize(memory));
  const std::int64_t size = std::ssize(memory[static_cast<std::size_t>(index)]->chunk->tokens);
  const std::int64_t offset = draw.random.below(std::max<std::int64_t>(size - kLeastText, 0) + 1);
  const std::int64_t labels = draw.random.in(draw.options().labels);
  const std::int64_t prompt = draw.random.log_in(draw.options().local);
  const std::int64_t cue = std::min(draw.random.log_in(kCue), prompt);
  const auto passage = passage_from(memory, static_cast<std::size_t>(index), offset, cue + labels);

  Rows rows;
  if (prompt > cue) rows.add(draw.source.running_text(prompt - cue, draw.random));
  add_text(rows, passage,
           std::min(labels, std::ssize(passage) - std::min<std::int64_t>(cue, std::ssize(passage) / 2)));
  return finish(draw, train::Sample::Kind::repetition, std::move(memory), rows);
}

}  // namespace focusllm::data
