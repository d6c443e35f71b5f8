#pragma once

#include <memory>
#include <span>

#include "context/context.h"
#include "context/method.h"
#include "focusllm/cancel.h"
#include "model/runner.h"

namespace focusllm::context {

/// A context that has all passes for itself: every call does the work that it brings. For measurements and
/// tests; sessions share passes (engine/scheduler.h).
class Alone {
 public:
  using HiddenSink = Context::HiddenSink;
  Alone(std::unique_ptr<Context> context, std::shared_ptr<const model::Model> model,
        const CancelToken& cancel);

  Context* operator->() { return context_.get(); }
  const Context* operator->() const { return context_.get(); }
  /// Most rows of a pass, where the method's pieces can be cut: results do not depend on it.
  void limit(std::int64_t rows) { most_rows_ = rows; }

  /// All may throw Cancelled, after which this is of no further use, and what the context throws.
  void read(std::span<const Token> tokens, const HiddenSink& sink = {});
  void begin_question();
  /// The hidden state after the last token, valid until the next call; likewise step().
  std::span<const float> finish(const HiddenSink& sink = {});
  std::span<const float> step(Token token);
  /// One that goes on by itself, or nothing.
  std::unique_ptr<Alone> fork(const CancelToken& cancel) const;

 private:
  void run();

  std::unique_ptr<Context> context_;
  std::shared_ptr<const model::Model> model_;
  model::Runner runner_;
  model::Pass pass_;
  const CancelToken& cancel_;
  std::int64_t most_rows_ = model::kPassRows;
};

/// Of the method that the options name.
std::unique_ptr<Alone> alone(const Options& options, const std::shared_ptr<const model::Model>& model,
                             const CancelToken& cancel);

}  // namespace focusllm::context
