#include "engine/answer_job.h"

#include <limits>
#include <utility>

#include "engine/parts.h"
#include "tensor/row_ops.h"

namespace focusllm {

AnswerJob::AnswerJob(const Engine& engine, context::Context& context, const AskOptions& options,
                     std::span<const Token> history)
    : ContextJob(context),
      engine_(engine),
      options_(options),
      sampler_(options.sampling, model_of(engine).isa()) {
  const auto kept = static_cast<std::size_t>(std::max(0, options.sampling.repeat_last));
  history = history.last(std::min(history.size(), kept));
  recent_.assign(history.begin(), history.end());
  if (options.sampling.ignore_end) {
    const Tokenizer& tokenizer = engine.tokenizer();
    for (Token id = 0; id < tokenizer.size(); ++id) {
      if (tokenizer.is_end(id)) ends_.push_back(id);
    }
  }
  context.end_prompt();
}

bool AnswerJob::plan(model::Pass& pass, std::int64_t most_rows) {
  stepped_ = false;
  if (ContextJob::plan(pass, most_rows)) return true;
  stepped_ = true;
  if (!answering_) {
    answering_ = true;
    prompt_done_ = context().done();
    prompt_end_ = std::chrono::steady_clock::now();
  }
  return false;
}

std::span<const float> AnswerJob::hidden() const {
  if (stopped_ || drawn_ >= options_.max_tokens) return {};
  return context().hidden();
}

std::span<const float> AnswerJob::without_ends(std::span<const float> logits) {
  if (ends_.empty()) return logits;
  without_ends_.assign(logits.begin(), logits.end());
  for (const Token id : ends_)
    without_ends_[static_cast<std::size_t>(id)] = -std::numeric_limits<float>::infinity();
  return without_ends_;
}

bool AnswerJob::take(std::span<const float> logits) {
  const auto known = logits.first(static_cast<std::size_t>(engine_.tokenizer().size()));
  const Token id = sampler_.sample(without_ends(known), recent_);
  if (engine_.tokenizer().is_end(id)) {
    stopped_at_end_ = true;
    return false;
  }
  const double total = log_sum_exp(model_of(engine_).isa(), known);
  Drawn drawn{id, static_cast<float>(known[static_cast<std::size_t>(id)] - total), {}};
  if (options_.logprobs > 0) drawn.top = most_likely(model_of(engine_).isa(), known, options_.logprobs);
  {
    const std::lock_guard lock(mutex_);
    new_.push_back(std::move(drawn));
  }
  recent_.push_back(id);
  // The last token stays for what comes next; and where the model knows no further position, the answer ends
  // by its length.
  if (++drawn_ == options_.max_tokens || context().room() < 1) return false;
  context().answer(id);
  ++given_;
  return true;
}

std::vector<AnswerJob::Drawn> AnswerJob::take_drawn() {
  const std::lock_guard lock(mutex_);
  return std::exchange(new_, {});
}

void AnswerJob::heard(std::int64_t tokens, bool stop) {
  if (stop) stopped_ = true;
  heard_ = tokens;
}

}  // namespace focusllm
