#include "trainer/show.h"

#include <fmt/format.h>

#include "base/utf8.h"
#include "data/sampler.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

constexpr std::size_t kExcerpt = 160;

/// The local window with [[...]] around runs of labels.
std::string marked(const train::Sample& sample, const Tokenizer& tokenizer) {
  std::string text = tokenizer.piece(sample.local.front(), true);
  bool within = false;
  for (std::size_t row = 0; row < sample.local.size(); ++row) {
    const bool label = sample.weights[row] > 0;
    if (label != within) text += label ? "[[" : "]]";
    within = label;
    if (label || row + 1 < sample.local.size()) text += tokenizer.piece(sample.targets[row], true);
  }
  return text + (within ? "]]" : "");
}

void show(const data::Drawn& drawn, const Tokenizer& tokenizer) {
  const train::Sample& sample = drawn.sample;
  out(fmt::format("=== {}: {} chunks at {}..{}, local window of {} at {}, split {}, tail {}\n",
                  train::kind_name(sample.kind), sample.chunks.size(),
                  sample.positions.empty() ? 0 : sample.positions.front(),
                  sample.positions.empty() ? 0 : sample.positions.back(), sample.local.size(),
                  sample.local_position, sample.split, sample.tail));
  for (std::size_t i = 0; i < drawn.memory.size(); ++i) {
    const data::PoolChunk& chunk = *drawn.memory[i];
    out(fmt::format("[{}] {} tokens of {}: {}\n", i, chunk.chunk->tokens.size(), chunk.document->name,
                    one_line(tokenizer.decode(chunk.chunk->tokens, true), kExcerpt)));
    for (const data::Fact& fact : chunk.facts) out("      " + one_line(fact.statement, kExcerpt) + "\n");
  }
  out("---\n" + marked(sample, tokenizer) + "\n\n");
}

}  // namespace

void show_samples(const TrainOptions& options, const data::Corpus& corpus,
                  const std::shared_ptr<const Tokenizer>& tokenizer) {
  data::Sampler sampler(corpus.training, tokenizer, options.sampler, options.trainer.seed);
  for (std::int64_t i = 0; i < options.show; ++i) {
    const data::Drawn drawn = sampler.draw(i / options.sampler.batch, i % options.sampler.batch);
    show(drawn, *tokenizer);
  }
}

}  // namespace focusllm::cli
