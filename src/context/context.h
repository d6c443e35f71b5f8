#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attention/partial.h"
#include "base/cancel.h"
#include "model/model.h"

namespace focusllm::memory {
class ChunkStore;
}

namespace focusllm::context {

using Token = std::int32_t;

/// Sizes of a method, in tokens; 0 = the method's own default for the model (with_defaults).
struct Options {
  std::string method = "full";  ///< full, streaming, infllm, focus
  attention::KvType kv_type = attention::KvType::bf16;
  std::int64_t local = 0;            ///< streaming, infllm, focus: local window
  std::int64_t initial = 0;          ///< streaming, infllm: first tokens that stay visible
  std::int64_t block = 0;            ///< infllm: tokens in a memory block
  std::int64_t top_k = 0;            ///< infllm: memory blocks that a block of queries sees in reading
  std::int64_t answer_top_k = 0;     ///< infllm: the same for each token of the answer, where recall matters
  std::int64_t representatives = 0;  ///< infllm: keys averaged into a block's representative
  bool beyond_trained = false;       ///< full, focus: allowed past the trained context
  std::int64_t chunk = 0;            ///< focus: tokens in a chunk
  std::int64_t tail = 0;             ///< focus: most tokens of the local window that stand behind each chunk
  std::int64_t refresh = 0;          ///< focus: tokens of an answer between two renewals of candidates
  std::int64_t renew = 0;            ///< focus: chunks renewed then, those looked at hardest
  bool exact = false;                ///< focus: the local window is computed anew with every renewal
  std::optional<Token> bos;          ///< focus: in front of tails and the local window; the model's own rule
  std::shared_ptr<memory::ChunkStore> chunk_store;  ///< focus: encoded chunks that sessions share, or null
};

/// The names of all methods, for messages and `--help`.
std::span<const std::string_view> method_names();
/// Throws UsageError for an unknown method or sizes that make no sense.
Options with_defaults(Options options, const model::Spec& spec);
/// Bytes of keys and values (and what else grows with the text) for `tokens` tokens.
std::int64_t bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens);

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
  /// Does the waiting work and gives the hidden state [width] after the last token; valid until the next
  /// call. Throws Error if nothing was read.
  virtual std::span<const float> finish(const HiddenSink& sink = {}) = 0;
  /// One generated token: its hidden state [width].
  virtual std::span<const float> step(Token token) = 0;

  /// Whether rows of a prompt know what comes behind them, so that only step() predicts: then there are no
  /// sinks.
  virtual bool sees_ahead() const { return false; }

  virtual std::int64_t tokens() const = 0;        ///< taken so far, waiting ones included
  virtual std::int64_t done() const = 0;          ///< encoded so far
  virtual std::int64_t memory_bytes() const = 0;  ///< keys and values held
  /// Called from now on when a piece of long work is over, so that its caller can show progress.
  void on_work(std::function<void()> callback) { on_work_ = std::move(callback); }
  /// From now on notes which remembered text receives attention. Methods without memory blocks note nothing.
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

/// `options` with defaults filled in. The token outlives the context; raising it makes calls throw Cancelled.
std::unique_ptr<Context> make(const Options& options, std::shared_ptr<const model::Model> model,
                              const CancelToken& cancel);

}  // namespace focusllm::context
