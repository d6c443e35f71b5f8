#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "attention/partial.h"
#include "base/cancel.h"
#include "context/settings.h"
#include "context/tier_use.h"
#include "model/model.h"

namespace focusllm::context {

using Token = std::int32_t;

/// What a method is told, and what follows from the model and the memory that is free.
struct Options : Settings {
  attention::KvType kv_type = attention::KvType::bf16;
  std::optional<Token> bos;  ///< focus: in front of tails and the local window; the model's own rule
};

/// A range of remembered tokens and the attention that it received.
struct Attended {
  std::int64_t first = 0;
  std::int64_t tokens = 0;
  double mass = 0;
};

/// What a method keeps of one text, and how it predicts the next token. Mutable state of one session.
class Context {
 public:
  /// Called with final hidden states [rows, width] of tokens first, first + 1, ...
  using HiddenSink = std::function<void(std::int64_t first, std::span<const float> hidden)>;

  virtual ~Context() = default;
  /// Takes text. Work is done in pieces of the method's own size, so that a result does not depend on how the
  /// text was handed in; the rest waits. With a sink, hidden states are given out for every token.
  virtual void read(std::span<const Token> tokens, const HiddenSink& sink = {}) = 0;
  /// The question begins: what is read from now on is not mixed with the text before it in one piece of work.
  virtual void begin_question() = 0;
  /// One that goes on from here by itself, and is stopped by another token; what was read is shared. Null
  /// where the method cannot: focus, whose chunks are shared by a store, and infllm with blocks in a file.
  virtual std::unique_ptr<Context> fork(const CancelToken& /*cancel*/) const { return nullptr; }
  /// Does the waiting work and gives the hidden state [width] after the last token; valid until the next
  /// call. Throws Error if nothing was read.
  virtual std::span<const float> finish(const HiddenSink& sink = {}) = 0;
  /// One generated token: its hidden state [width].
  virtual std::span<const float> step(Token token) = 0;

  /// Whether rows of a prompt know what comes behind them, so that only step() predicts: then there are no
  /// sinks.
  virtual bool sees_ahead() const { return false; }

  /// Tokens that may still follow what is done, by the positions that the model was trained for.
  virtual std::int64_t room() const { return std::numeric_limits<std::int64_t>::max(); }

  virtual std::int64_t tokens() const = 0;        ///< taken so far, waiting ones included
  virtual std::int64_t done() const = 0;          ///< encoded so far
  virtual std::int64_t memory_bytes() const = 0;  ///< keys and values held
  virtual TierUse tier_use() const { return {}; }
  /// Called from now on when a piece of long work is over, so that its caller can show progress.
  void on_work(std::function<void()> callback) { on_work_ = std::move(callback); }
  /// From now on notes which remembered text receives attention. Methods without chunks or memory blocks note
  /// nothing.
  virtual void start_citing() {}
  /// What was noted, first where single heads looked hardest.
  virtual std::vector<Attended> attended() const { return {}; }

 protected:
  void worked() const {
    if (on_work_) on_work_();
  }

 private:
  std::function<void()> on_work_;
};

}  // namespace focusllm::context
