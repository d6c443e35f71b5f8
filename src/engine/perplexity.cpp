#include <algorithm>
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

/// Collects the log-probabilities of tokens after `begin`, from the hidden states of the tokens before them.
class Scorer {
 public:
  Scorer(const Engine& engine, std::span<const Token> tokens, std::int64_t begin)
      : engine_(engine), tokens_(tokens), begin_(begin) {
    scores_.reserve(tokens.size() - static_cast<std::size_t>(begin));
  }

  /// hidden [rows, width] of tokens first, first + 1, ...
  void add(std::int64_t first, std::span<const float> hidden) {
    const std::int64_t width = engine_.spec().width;
    const std::int64_t rows = std::ssize(hidden) / width;
    const std::int64_t last = std::ssize(tokens_) - 1;  // predicts what is not there
    const std::int64_t end = std::min(first + rows, last);
    for (std::int64_t row = std::max(first, begin_); row < end; row += kHeadRows) {
      score(row, std::min(kHeadRows, end - row), hidden.data() + (row - first) * width);
    }
  }
  std::vector<float> take() { return std::move(scores_); }

 private:
  void score(std::int64_t first, std::int64_t rows, const float* hidden) {
    const auto vocabulary = static_cast<std::size_t>(engine_.spec().vocabulary);
    std::vector<float> logits(static_cast<std::size_t>(rows) * vocabulary);
    engine_.model().logits(hidden, rows, logits.data());
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::span<const float> row(logits.data() + static_cast<std::size_t>(i) * vocabulary, vocabulary);
      const Token next = tokens_[static_cast<std::size_t>(first + i + 1)];
      scores_.push_back(static_cast<float>(row[static_cast<std::size_t>(next)] - log_sum_exp(row)));
    }
  }
  const Engine& engine_;
  std::span<const Token> tokens_;
  std::int64_t begin_;
  std::vector<float> scores_;
};

/// Where rows of a prompt know what comes behind them, only steps predict.
void score_by_steps(context::Context& method, std::span<const Token> tokens, std::int64_t begin,
                    Scorer& scorer, const ProgressCallback& progress) {
  const auto start = std::chrono::steady_clock::now();
  const std::int64_t size = std::ssize(tokens);
  method.on_work([&] {
    if (progress)
      progress({method.done(), size,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()});
  });
  method.read(tokens.first(static_cast<std::size_t>(begin) + 1));
  scorer.add(begin, method.finish());
  for (std::int64_t i = begin + 1; i + 1 < size; ++i)
    scorer.add(i, method.step(tokens[static_cast<std::size_t>(i)]));
}

Perplexity summary(std::vector<float> log_probabilities) {
  double sum = 0, squares = 0;
  for (const double value : log_probabilities) {
    sum -= value;
    squares += value * value;
  }
  const auto count = static_cast<double>(log_probabilities.size());
  const double mean = sum / count;
  const double error = count > 1 ? std::sqrt(std::max(0.0, squares / count - mean * mean) / (count - 1)) : 0;
  const auto tokens = std::ssize(log_probabilities);
  return {std::exp(mean), std::exp(mean) * error, tokens, std::move(log_probabilities)};
}

}  // namespace

std::vector<float> log_probabilities(const Engine& engine, std::span<const Token> tokens, std::int64_t count,
                                     const ContextOptions& options, const CancelToken& cancel,
                                     const ProgressCallback& progress) {
  if (count < 1 || count >= std::ssize(tokens)) {
    fail("{} tokens of {} cannot be scored: at least one must stand before them", count, tokens.size());
  }
  const auto method = make_context(engine, fit_memory(engine, options, std::ssize(tokens)), cancel);
  const std::int64_t begin = std::ssize(tokens) - count - 1;
  Scorer scorer(engine, tokens, begin);
  if (method->sees_ahead()) {
    score_by_steps(*method, tokens, begin, scorer, progress);
  } else {
    const auto sink = [&](std::int64_t first, std::span<const float> hidden) { scorer.add(first, hidden); };
    method->read(tokens, sink);
    method->finish(sink);
  }
  return scorer.take();
}

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
  std::vector<float> scores;
  for (std::int64_t i = 0; i < chunks; ++i) {
    std::vector<Token> chunk(tokens.begin() + i * context, tokens.begin() + (i + 1) * context);
    if (bos) chunk.front() = *tokenizer.bos();
    const std::int64_t scored = context - context / 2 - 1;
    const std::vector<float> more = log_probabilities(engine, chunk, scored, chosen, cancel);
    scores.insert(scores.end(), more.begin(), more.end());
    if (progress) {
      progress({(i + 1) * context, chunks * context,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()});
    }
  }
  return summary(std::move(scores));
}

}  // namespace focusllm
