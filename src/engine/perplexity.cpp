#include <chrono>
#include <cmath>

#include "context/context.h"
#include "engine/engine.h"
#include "engine/options.h"
#include "engine/sampler.h"
#include "model/model.h"

namespace focusllm {
namespace {

constexpr std::int64_t kHeadRows = 128;  // rows of logits held at once

/// Sums of -ln p and its square over scored tokens.
struct Score {
  double sum = 0, squares = 0;
  std::int64_t count = 0;
  void add(double nll) {
    sum += nll;
    squares += nll * nll;
    ++count;
  }
};

/// Scores the predictions of hidden rows of tokens first, first + 1, ... against the token after each, from
/// `begin` on.
class ChunkScorer {
 public:
  ChunkScorer(const Engine& engine, std::span<const Token> chunk, std::int64_t begin, Score& score)
      : engine_(engine), chunk_(chunk), begin_(begin), score_(score) {}

  void operator()(std::int64_t first, std::span<const float> hidden) const {
    const std::int64_t width = engine_.spec().width;
    const std::int64_t rows = static_cast<std::int64_t>(hidden.size()) / width;
    const std::int64_t last =
        static_cast<std::int64_t>(chunk_.size()) - 1;  // predicts what is not in the chunk
    const std::int64_t end = std::min(first + rows, last);
    for (std::int64_t row = std::max(first, begin_); row < end; row += kHeadRows) {
      score(row, std::min(kHeadRows, end - row), hidden.data() + (row - first) * width);
    }
  }

 private:
  void score(std::int64_t first, std::int64_t rows, const float* hidden) const {
    const auto vocabulary = static_cast<std::size_t>(engine_.spec().vocabulary);
    std::vector<float> logits(static_cast<std::size_t>(rows) * vocabulary);
    engine_.model().head().apply(hidden, rows, logits.data());
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::span<const float> row(logits.data() + static_cast<std::size_t>(i) * vocabulary, vocabulary);
      const Token next = chunk_[static_cast<std::size_t>(first + i + 1)];
      score_.add(log_sum_exp(row) - row[static_cast<std::size_t>(next)]);
    }
  }
  const Engine& engine_;
  std::span<const Token> chunk_;
  std::int64_t begin_;
  Score& score_;
};

/// Gives the scorer the hidden states of all tokens from `begin` on (and maybe of those before).
void read_scored(context::Context& method, std::span<const Token> tokens, std::int64_t begin,
                 const context::Context::HiddenSink& scorer) {
  if (!method.sees_ahead()) {
    method.read(tokens, scorer);
    method.finish(scorer);
    return;
  }
  method.read(tokens.first(static_cast<std::size_t>(begin) + 1));
  scorer(begin, method.finish());
  for (std::int64_t i = begin + 1; i < std::ssize(tokens); ++i)
    scorer(i, method.step(tokens[static_cast<std::size_t>(i)]));
}

}  // namespace

Perplexity perplexity(const Engine& engine, std::string_view text, std::int64_t context,
                      const ContextOptions& options, const CancelToken& cancel,
                      const ProgressCallback& progress) {
  const auto start = std::chrono::steady_clock::now();
  const Tokenizer& tokenizer = engine.tokenizer();
  std::vector<Token> tokens;
  const bool bos = tokenizer.adds_bos() && tokenizer.bos();
  if (bos) tokens.push_back(*tokenizer.bos());
  const std::vector<Token> words = tokenizer.encode(text);
  tokens.insert(tokens.end(), words.begin(), words.end());
  const std::int64_t chunks = context > 0 ? static_cast<std::int64_t>(tokens.size()) / context : 0;
  if (context < 4) throw UsageError(fmt::format("--ctx-size {}: give at least 4 tokens", context));
  if (chunks == 0) {
    fail(
        "the text has {} tokens; at least one chunk of {} is needed: give a longer text or a smaller "
        "--ctx-size",
        tokens.size(), context);
  }
  ContextOptions chosen = options;
  if (chosen.method == "auto")
    chosen.method = context <= engine.spec().trained_context ? "full" : long_method(engine);
  const auto kv_type = choose_kv_type(engine, chosen, context);
  Score score;
  for (std::int64_t i = 0; i < chunks; ++i) {
    std::vector<Token> chunk(tokens.begin() + i * context, tokens.begin() + (i + 1) * context);
    if (bos) chunk.front() = *tokenizer.bos();
    const auto method = make_context(engine, resolve(chosen, kv_type), cancel);
    const ChunkScorer scorer(engine, chunk, context / 2, score);
    read_scored(*method, chunk, context / 2, scorer);
    if (progress) {
      progress({(i + 1) * context, chunks * context,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()});
    }
  }
  const double mean = score.sum / static_cast<double>(score.count);
  const double variance = score.squares / static_cast<double>(score.count) - mean * mean;
  const double error = score.count > 1 ? std::sqrt(variance / static_cast<double>(score.count - 1)) : 0;
  return {std::exp(mean), std::exp(mean) * error, score.count};
}

}  // namespace focusllm
