#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "attention/partial.h"
#include "focusllm/methods.h"
#include "focusllm/types.h"
#include "memory/saver.h"
#include "model/pass.h"

namespace focusllm::context {

using Token = std::int32_t;

/// Tokens that tell whether a sentence ends with them.
inline constexpr std::int64_t kSentenceEnd = 4;

/// What a method is told, and what follows from the model and the memory that is free.
struct Options : Settings {
  attention::KvType kv_type = attention::KvType::bf16;
  std::optional<Token> bos;           ///< focus: in front of tails and the local window; the model's own rule
  std::int64_t answer_tokens = 0;     ///< the most that an answer is expected to have; 0: not known
  std::vector<Token> separator = {};  ///< recall: behind each span
  std::vector<Token> plain = {};      ///< recall: a question that says nothing, as one stands behind a text
  /// recall: whether a sentence, or a line, ends with these tokens (no more than kSentenceEnd of them); may
  /// be empty
  std::function<bool(std::span<const Token>)> ends_sentence = {};
};

/// Why save() throws behind a question.
inline constexpr char kAsked[] = "a text that was asked about is not kept: keep it before the first question";

/// A range of remembered tokens and the attention that it received.
struct Attended {
  std::int64_t first = 0;
  std::int64_t tokens = 0;
  double mass = 0;
};

/// What a method keeps of one text, and which rows it wants to go through the layers next. It takes tokens,
/// plans rows for a pass, and takes the pass's result; it runs nothing. Mutable state of one session; for one
/// thread at a time.
class Context {
 public:
  /// Called with final hidden states [rows, width] of tokens first, first + 1, ...
  using HiddenSink = std::function<void(std::int64_t first, std::span<const float> hidden)>;

  Context() = default;
  Context(const Context&) = default;
  Context& operator=(const Context&) = default;
  Context(Context&&) noexcept = default;
  Context& operator=(Context&&) noexcept = default;
  virtual ~Context() = default;

  /// What comes is text that may be long, until end_text(); else it is the template's, a question or an
  /// answer. A method that treats all tokens alike need not know.
  virtual void begin_text() {}
  /// The text that begins next has a name; line: what says so in front of a part of it. Before begin_text().
  virtual void name_text(std::span<const Token> /*line*/) {}
  /// Takes tokens. Which rows are worked on together follows from the text, not from the pieces it comes in.
  virtual void append(std::span<const Token> tokens) = 0;
  /// An answer ends with what was taken, wherever it was given: what comes next is another question.
  virtual void end_answer() {}
  /// The text ends and a question begins: they are not mixed in one piece of work.
  virtual void end_text() = 0;
  /// The prompt ends: all that waits is planned from now on, and then hidden() is that of its last token.
  /// Throws Error if nothing was read.
  virtual void end_prompt() = 0;
  /// Of the tokens that were taken last, which are a question's own words, without what the template puts
  /// round them; before end_prompt(). By them supported() judges.
  virtual void mark_question(std::int64_t /*first*/, std::int64_t /*count*/) {}
  /// A generated token, behind a prompt that ended: it is planned, and then hidden() is its own.
  virtual void answer(Token token) = 0;

  /// Adds the next piece of work to a pass: `most_rows` rows or fewer, more only where a piece cannot be cut.
  /// False where there is nothing to do. Then took() is called before anything else.
  virtual bool plan(model::Pass& pass, std::int64_t most_rows) = 0;
  /// The pass that was planned for has run. Throws what went wrong with it: this context is of no further use
  /// then.
  virtual void took(const model::Pass& pass) = 0;
  /// The hidden state [width] after the last token that was done.
  virtual std::span<const float> hidden() const = 0;
  /// From now on, gives out the hidden states of all rows of a prompt. Throws Error where a method's rows do
  /// not predict (sees_ahead).
  virtual void set_sink(HiddenSink sink) = 0;

  /// One that goes on from here by itself; what was read is shared. Null where the method cannot: focus,
  /// whose chunks are shared by a store, and infllm with blocks in a file.
  virtual std::unique_ptr<Context> fork() const { return nullptr; }

  /// Puts all that was taken into `saver`, waiting tokens included, as long as nothing was asked; between
  /// passes. Throws Error where it cannot: after a question, or with memory in a file of its own.
  virtual void save(memory::Saver& saver) const = 0;
  /// Of a new context with the same options and model: takes what save() put, and goes on from there.
  virtual void load(memory::Loader& loader) = 0;

  /// Another text, which ended, stands in front of this one's, behind what is before its first text; nothing
  /// was asked of either. Both have the same options and model. False where the method cannot.
  virtual bool put_before(const Context& /*earlier*/) { return false; }

  /// What comes is another version of the text that `earlier` took, of which nothing was asked: what is equal
  /// in both is taken from there, not computed. Before the first token; both have the same options and model.
  /// False where the method cannot.
  virtual bool follow(const Context& /*earlier*/) { return false; }

  /// Whether rows of a prompt know what comes behind them, so that only answer() predicts.
  virtual bool sees_ahead() const { return false; }
  /// Tokens that may still follow what is done, by the positions that the model was trained for.
  virtual std::int64_t room() const { return std::numeric_limits<std::int64_t>::max(); }

  virtual std::int64_t tokens() const = 0;        ///< taken so far, waiting ones included
  virtual std::int64_t done() const = 0;          ///< encoded so far
  virtual std::int64_t memory_bytes() const = 0;  ///< keys and values held
  virtual TierUse tier_use() const { return {}; }
  /// Of those that are done, tokens whose keys and values were in a store that sessions share.
  virtual std::int64_t found() const { return 0; }
  /// From now on notes which remembered text receives attention. Methods without chunks or memory blocks note
  /// nothing.
  virtual void start_citing() {}
  /// What was noted, first where single heads looked hardest.
  virtual std::vector<Attended> attended() const { return {}; }
  /// Whether what the answer sees of the text speaks of the question that was marked; nothing where the
  /// method does not judge, or there is nothing to judge by. Computes; between passes.
  virtual std::optional<bool> supported() const { return {}; }
};

}  // namespace focusllm::context
