#include "context/alone.h"

namespace focusllm::context {

Alone::Alone(std::unique_ptr<Context> context, std::shared_ptr<const model::Model> model,
             const CancelToken& cancel)
    : context_(std::move(context)), model_(model), runner_(std::move(model)), cancel_(cancel) {}

void Alone::run() {
  for (;;) {
    pass_.clear();
    if (!context_->plan(pass_, most_rows_)) return;
    runner_.run(pass_, [this] { return cancel_.cancelled(); });
    context_->took(pass_);
  }
}

void Alone::read(std::span<const Token> tokens, const HiddenSink& sink) {
  if (sink) context_->set_sink(sink);
  context_->append(tokens);
  run();
}

void Alone::begin_question() {
  context_->end_text();
  run();
}

std::span<const float> Alone::finish(const HiddenSink& sink) {
  if (sink) context_->set_sink(sink);
  context_->end_prompt();
  run();
  return context_->hidden();
}

std::span<const float> Alone::step(Token token) {
  context_->answer(token);
  run();
  return context_->hidden();
}

std::unique_ptr<Alone> Alone::fork(const CancelToken& cancel) const {
  auto fork = context_->fork();
  return fork ? std::make_unique<Alone>(std::move(fork), model_, cancel) : nullptr;
}

std::unique_ptr<Alone> alone(const Options& options, const std::shared_ptr<const model::Model>& model,
                             const CancelToken& cancel) {
  auto context = make(options, model);
  context->begin_text();
  return std::make_unique<Alone>(std::move(context), model, cancel);
}

}  // namespace focusllm::context
