#pragma once

#include <memory>
#include <vector>

#include "context/context.h"
#include "context/pass_rows.h"
#include "model/decoder.h"

namespace focusllm::context {

/// The part that all methods share whose tokens go through the decoder once, in order, in blocks of fixed
/// size: only what a layer attends to differs (AttentionSource::attend).
class Sequential : public Context, protected model::AttentionSource {
 public:
  /// last_alone: the last token of a prompt is a block of its own (InfLLM: it selects its own memory).
  Sequential(std::shared_ptr<const model::Model> model, const CancelToken& cancel, std::int64_t block,
             bool last_alone)
      : decoder_(std::move(model)), cancel_(&cancel), block_(block), last_alone_(last_alone) {}

  void read(std::span<const Token> tokens, const HiddenSink& sink) final;
  void begin_question() final;
  std::span<const float> finish(const HiddenSink& sink) final;
  std::span<const float> step(Token token) final;
  std::int64_t tokens() const final { return done_ + static_cast<std::int64_t>(waiting_.size()); }
  std::int64_t done() const final { return done_; }

 protected:
  const model::Model& model() const { return decoder_.model(); }
  const model::Spec& spec() const { return decoder_.model().spec(); }
  /// Whether the row is the last one of a prompt, or of an answer.
  bool answering() const { return answering_; }
  /// Of the rows that are going through the layers now.
  const std::vector<std::int64_t>& positions() const { return rows_.positions; }
  /// Called before rows of tokens [done, done + count) go through the layers, and after.
  virtual void begin(std::int64_t first, std::int64_t count) = 0;
  virtual void end() {}
  template <typename Method>
  static std::unique_ptr<Context> fork_of(const Method& method, const CancelToken& cancel) {
    auto fork = std::make_unique<Method>(method);
    fork->on_work({});
    fork->cancel_ = &cancel;
    return fork;
  }

 private:
  std::span<const float> run(std::span<const Token> tokens, bool need_hidden);
  /// All that waits; the last token alone if `split`.
  void flush(const HiddenSink& sink, bool split);

  model::Decoder decoder_;
  const CancelToken* cancel_;
  std::int64_t block_;
  bool last_alone_;
  bool answering_ = false;
  bool stepping_ = false;
  std::int64_t done_ = 0;
  std::vector<Token> waiting_;
  model::Rows rows_;
  std::vector<float> last_hidden_;
};

}  // namespace focusllm::context
