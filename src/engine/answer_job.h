#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <vector>

#include "context/context.h"
#include "engine/sampler.h"
#include "engine/scheduler.h"

namespace focusllm {

/// Does what a context plans by itself: reads what it has taken so far.
class ContextJob : public Job {
 public:
  explicit ContextJob(context::Context& context) : context_(context), done_(context.done()) {}
  bool plan(model::Pass& pass, std::int64_t most_rows) override { return context_.plan(pass, most_rows); }
  void took(const model::Pass& pass) override {
    context_.took(pass);
    done_ = context_.done();
  }
  /// Tokens of the context that are done. From any thread.
  std::int64_t done() const { return done_; }

 protected:
  context::Context& context() const { return context_; }

 private:
  context::Context& context_;
  std::atomic<std::int64_t> done_;
};

/// A prompt that has ended, and the answer to it.
class AnswerJob final : public ContextJob {
 public:
  /// A token of the answer, as it was drawn.
  struct Drawn {
    Token id = 0;
    float logprob = 0;
    std::vector<TokenProbability> top;
  };
  /// `history`: the tokens before the answer, of which the sampler sees the last ones. Ends the prompt.
  AnswerJob(const Engine& engine, context::Context& context, const AskOptions& options,
            std::span<const Token> history);

  bool plan(model::Pass& pass, std::int64_t most_rows) override;
  std::span<const float> hidden() const override;
  bool take(std::span<const float> logits) override;
  bool answering() const override { return answering_; }
  /// Whether the asker has not said yet that the answer goes on behind a token that was done.
  bool waits() const override { return stepped_ && options_.on_token && heard_ < drawn_ && !stopped_; }

  // For the asker's thread, at any time.
  /// The tokens that were drawn since the last call.
  std::vector<Drawn> take_drawn();
  /// The asker heard so many tokens; the answer stops behind the last of them if it says so.
  void heard(std::int64_t tokens, bool stop);

  // Once the job has ended.
  bool stopped_at_end() const { return stopped_at_end_; }
  std::int64_t tokens_given() const { return given_; }  ///< of the answer, to the context
  std::int64_t prompt_done() const { return prompt_done_; }
  std::chrono::steady_clock::time_point prompt_end() const { return prompt_end_; }

 private:
  std::span<const float> without_ends(std::span<const float> logits);

  const Engine& engine_;
  const AskOptions& options_;
  Sampler sampler_;
  std::vector<Token> ends_;          ///< where they are ignored: tokens that end an answer
  std::vector<float> without_ends_;  ///< logits
  std::vector<Token> recent_;
  bool answering_ = false;  ///< the prompt is done
  bool stepped_ = false;    ///< the context has done the last token
  bool stopped_at_end_ = false;
  std::int64_t given_ = 0, prompt_done_ = 0;
  std::chrono::steady_clock::time_point prompt_end_;
  std::atomic<std::int64_t> drawn_{0}, heard_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::vector<Drawn> new_;  ///< guarded by it
};

}  // namespace focusllm
