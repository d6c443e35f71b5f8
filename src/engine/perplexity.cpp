#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/error.h"
#include "context/context.h"
#include "engine/answer_job.h"
#include "engine/options.h"
#include "engine/parts.h"
#include "engine/sampler.h"
#include "engine/scheduler.h"
#include "focusllm/scores.h"
#include "focusllm/session.h"
#include "model/log_probabilities.h"
#include "model/model.h"

namespace focusllm {
namespace {

/// Collects the log-probabilities of tokens after `begin`, from the hidden states of the tokens before them.
class Scorer {
 public:
  Scorer(const Engine& engine, std::span<const Token> tokens, std::int64_t begin)
      : engine_(engine), tokens_(tokens), begin_(begin) {
    scores_.reserve(tokens.size() - static_cast<std::size_t>(begin));
  }

  /// hidden [rows, width] of tokens first, first + 1, ...
  void add(std::int64_t first, std::span<const float> hidden) {
    const std::int64_t width = spec_of(engine_).width;
    const std::int64_t rows = std::ssize(hidden) / width;
    const std::int64_t last = std::ssize(tokens_) - 1;  // predicts what is not there
    const std::int64_t end = std::min(first + rows, last);
    const std::int64_t from = std::max(first, begin_);
    if (from >= end) return;
    const auto their = hidden.subspan(static_cast<std::size_t>((from - first) * width),
                                      static_cast<std::size_t>((end - from) * width));
    const auto next =
        tokens_.subspan(static_cast<std::size_t>(from + 1), static_cast<std::size_t>(end - from));
    const std::vector<float> more = model::log_probabilities(model_of(engine_), their, next);
    scores_.insert(scores_.end(), more.begin(), more.end());
  }
  /// The same for a token's logits.
  void add_logits(std::int64_t token, std::span<const float> logits) {
    scores_.push_back(
        model::log_probability(model_of(engine_), logits, tokens_[static_cast<std::size_t>(token + 1)]));
  }
  std::vector<float> take() { return std::move(scores_); }

 private:
  const Engine& engine_;
  std::span<const Token> tokens_;
  std::int64_t begin_;
  std::vector<float> scores_;
};

/// Scores the last of some tokens: from the hidden states of a prompt's rows, or, where those know what comes
/// behind them, token by token.
class ScoreJob final : public ContextJob {
 public:
  ScoreJob(context::Context& method, std::span<const Token> tokens, std::int64_t begin, Scorer& scorer)
      : ContextJob(method), tokens_(tokens), next_(begin), by_steps_(method.sees_ahead()), scorer_(scorer) {
    method.begin_text();
    if (by_steps_) {
      method.append(tokens.first(static_cast<std::size_t>(begin) + 1));
    } else {
      method.set_sink(
          [&scorer](std::int64_t first, std::span<const float> rows) { scorer.add(first, rows); });
      method.append(tokens);
    }
    method.end_prompt();
  }
  std::span<const float> hidden() const override {
    return by_steps_ && next_ + 1 < std::ssize(tokens_) ? context().hidden() : std::span<const float>();
  }
  bool take(std::span<const float> logits) override {
    scorer_.add_logits(next_++, logits);
    if (next_ + 1 < std::ssize(tokens_)) context().answer(tokens_[static_cast<std::size_t>(next_)]);
    return next_ + 1 < std::ssize(tokens_);
  }
  bool answering() const override { return by_steps_; }

 private:
  std::span<const Token> tokens_;
  std::int64_t next_;  ///< the token whose logits come next
  bool by_steps_;
  Scorer& scorer_;
};

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
  const auto start = std::chrono::steady_clock::now();
  ContextOptions ready = options;
  if (!find_heads(engine, ready, cancel)) throw_without_heads();
  const auto method = make_context(engine, fit_beside_others(engine, ready, std::ssize(tokens)));
  const std::int64_t begin = std::ssize(tokens) - count - 1;
  Scorer scorer(engine, tokens, begin);
  ScoreJob job(*method, tokens, begin, scorer);
  EngineParts::scheduler(engine).run(job, cancel, [&] {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (progress) progress({job.done(), std::ssize(tokens), seconds.count()});
  });
  engine.check_files();
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
  if (context < 4) throw UsageError(fmt::format("`context` {}: give at least 4 tokens", context));
  if (chunks == 0) {
    fail(
        "the text has {} tokens; at least one chunk of {} is needed: give a longer text or a smaller "
        "`context`",
        tokens.size(), context);
  }
  ContextOptions chosen = options;
  if (chosen.method == "auto")
    chosen.method =
        context <= spec_of(engine).trained_context ? std::string(plain_method()) : long_method(engine);
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
