#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/cancel.h"
#include "focusllm/engine.h"
#include "focusllm/methods.h"
#include "focusllm/progress.h"
#include "focusllm/saved.h"

namespace focusllm {

/// A method and its sizes, in tokens. 0 means the method's own default for the model (docs/methods.md).
struct ContextOptions : Settings {
  ContextOptions() { method = "auto"; }  ///< auto, or one of method_names()
  /// Keys and values as bf16 or int8; nothing: bf16 if all of it fits memory, else int8.
  std::optional<KvType> kv_type;
};

/// Sampling, applied in llama.cpp's order: penalties, top-k, top-p, min-p, temperature. temperature 0 is
/// greedy.
struct SamplingOptions {
  float temperature = 0.0F;
  int top_k = 40;
  float top_p = 0.95F;
  float min_p = 0.05F;
  float repeat_penalty = 1.0F;
  int repeat_last = 64;
  /// Taken off the logit of each token that this answer has (presence), and for each time that it has it
  /// (frequency), as OpenAI defines them; from -2 to 2.
  float presence_penalty = 0, frequency_penalty = 0;
  std::uint64_t seed = 0;
  bool ignore_end = false;  ///< tokens that end an answer are never drawn
};

struct TokenProbability {
  Token id = 0;
  float logprob = 0;  ///< natural logarithm, of the unmodified distribution
};

/// One generated token, as it is produced.
struct GeneratedToken {
  Token id = 0;
  std::string text;  ///< what can be shown now: whole characters only, may be empty
  float logprob = 0;
  std::vector<TokenProbability> top;  ///< AskOptions::logprobs most likely tokens, best first
};

/// A part of the text that the answer drew on.
struct Citation {
  std::int64_t first_token = 0;  ///< counted from the beginning of everything this session has read
  std::int64_t tokens = 0;
  double share = 0;  ///< of the attention that the answer paid to remembered text; focus: to the whole chunk
  double score = 0;  ///< the method's own measure, from which the share follows
  /// Where it begins, white space left out: in which text (Session::begin_text), its byte and line there.
  std::string source = {};
  std::int64_t byte = 0;
  std::int64_t line = 0;  ///< from 1; 0: it begins in no text, but in a question or an answer
  /// From there on: the text's own bytes, whole characters of them.
  std::string quote = {};
};

struct Timings {
  std::int64_t prompt_tokens = 0;  ///< everything read so far, template included
  std::int64_t read_tokens = 0;    ///< read during this call
  std::int64_t found_tokens = 0;   ///< of them, those that another session had read (`chunk_store`)
  double read_seconds = 0;
  std::int64_t generated_tokens = 0;
  double generate_seconds = 0;
  double first_token_seconds = 0;
};

struct Answer {
  std::vector<GeneratedToken> tokens;
  std::string text;
  bool stopped_at_end = false;  ///< the model ended its turn (else max_tokens was reached)
  std::vector<Citation> citations;
  /// Whether places of the text speak of what the question names, of a method that judges it; not set where
  /// there was no text, or the question is too short to judge by. A question in quite other words than the
  /// text's is told from one without an answer by nobody: false for both.
  std::optional<bool> supported = {};
  Timings timings;
};

struct AskOptions {
  std::int64_t max_tokens = 256;
  SamplingOptions sampling;
  int logprobs = 0;
  int citations = 0;  ///< how many places to name; 0: none
  /// Called with every token as it comes; return false to stop.
  std::function<bool(const GeneratedToken&)> on_token;
};

/// One conversation about one text: read the text (in pieces of any size), then ask any number of questions.
/// Not thread-safe, but for cancel(). All mutable state is here; the engine outlives it.
class Session {
 public:
  /// raw: the text goes to the model as it is, without chat template. special: with raw, the names of control
  /// tokens in the text become these tokens; it is encoded as a whole then, when it is asked about. A BOS
  /// that it begins with is the one that is put in front anyway. as_written: a question goes on with the text
  /// as one message, whose words and blank lines are all there; else it is a paragraph of its own.
  struct Options {
    ContextOptions context;
    bool raw = false, special = false, as_written = false;
    std::string chat_template;  ///< one of ChatTemplate::names(); empty: the file's own
    std::string system;         ///< system message; empty: the template's own default
    ProgressCallback on_progress;
    ProgressCallback on_calibration;      ///< of a method that first measures the model (calibration.h)
    const CancelToken* cancel = nullptr;  ///< stops this session and its forks as well; outlives them
  };
  Session(std::shared_ptr<const Engine> engine, Options options);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Announces how many bytes or tokens are going to be read, so that progress has a total and what will not
  /// fit is refused now, with the numbers, and not after an hour; `auto` and the number type of keys follow
  /// from it. Once text was handed to the method, only what the model was trained for is checked here.
  /// `answer_tokens`: the most that an answer may have (AskOptions::max_tokens), if that is known.
  void expect(std::int64_t tokens, std::int64_t answer_tokens = 0);
  /// What read() brings from now on, up to the next one, is a text of its own: citations name it and count in
  /// it, and in a chat with several of them the method recall shows each place with its text's name, which
  /// the question may use. A single text is read and shown just as one without a name.
  /// byte, line: where in it, for one that goes on.
  void begin_text(std::string_view name, std::int64_t byte = 0, std::int64_t line = 1);
  /// Reads a piece of the text. Throws Cancelled; the session is of no further use then.
  void read(std::string_view text);
  /// The same for text that is tokenized already; raw sessions only. Throws Error for an id outside the
  /// vocabulary.
  void read_tokens(std::span<const Token> ids);
  /// The text ends here for now: all of it is worked on at once, and not with the first question. Further
  /// text may follow.
  void end_text();
  /// What was read so far, to go on from in another session, process or time (restore()): the very same
  /// answers, for as long as nothing was asked. The pieces share the session's memory. Throws Error after a
  /// question, where `auto` cannot decide yet (end_text() makes it), and with `block_cache`.
  SavedSession save() const;
  /// A session that goes on from there. `options`: the text's own method and settings hold where none are
  /// given, likewise template and system message. Throws UsageError where others are given, or `raw` differs
  /// (but for settings that matter to answers alone), Error where the model, its number types or this program
  /// are others than those that it was saved with.
  /// `answer_tokens`: as in expect().
  static Session restore(std::shared_ptr<const Engine> engine, Options options, const SavedSession& saved,
                         std::int64_t answer_tokens = 0);
  /// Texts that were read apart, as one session that has read them all, in their order: for questions about
  /// any of them. Each text ended before it was saved (end_text()). Throws Error likewise, and where there
  /// are several and the method is not recall.
  static Session restore(std::shared_ptr<const Engine> engine, const Options& options,
                         std::span<const SavedSession> texts, std::int64_t answer_tokens = 0);
  /// A session that is to read another version of a text that was saved, with the same options, from its
  /// beginning: what is equal in both is taken from there, not computed (found()). Its answers are those of a
  /// session that cuts the new version in the same places and computes all of it, to the bit. Nothing where
  /// the method has nothing to take (MethodTraits::revises). Throws as restore().
  static std::optional<Session> revise(const std::shared_ptr<const Engine>& engine, const Options& options,
                                       const SavedSession& saved);
  /// Works now on what was read so far, instead of with the question, so that a fork has it: all but the last
  /// bytes, which what comes next may turn into other tokens, and tokens that wait for a whole pass. `auto`
  /// is decided with it, by what expect() was told.
  void settle();
  /// A turn of a conversation that was held elsewhere: a question (after the text, as with ask()), and the
  /// answer to it. Nothing is generated; the tokens are those that ask() would have left if it had drawn what
  /// the answer's text is encoded to. Keys and values are not the same to the bit: what is read is rounded
  /// otherwise than what is generated. Not for raw sessions.
  void take_turn(std::string_view question, std::string_view answer);
  /// The question after the text (may be empty with raw: continue the text), then the answer. A further call
  /// goes on with the same conversation without reading anything again. Throws Error if the model's file
  /// changed (Engine::check_files), before the answer or during it.
  Answer ask(std::string_view question, const AskOptions& options = {});

  /// A session that goes on from here by itself, for another question about the same text, say: what was read
  /// is shared and stays. Nothing where the method cannot (focus: sessions share encoded chunks by
  /// ContextOptions::chunk_store; infllm with blocks in a file), or where nothing was handed to it yet.
  /// The fork may run beside this one, in a thread of its own; on_progress is the same. Memory for more text
  /// is promised to it by expect() alone.
  std::optional<Session> fork() const;
  /// In place of Options::on_progress from now on. Not while it reads or answers.
  void set_progress(ProgressCallback on_progress);

  /// From any thread or a signal handler: read() or ask() throws Cancelled, before the next pass, or between
  /// two layers where nobody else's rows are in the pass.
  void cancel() noexcept;
  std::string_view method() const;  ///< what `auto` became; decided at the first read
  KvType kv_type() const;
  std::int64_t tokens() const;        ///< read or generated so far
  std::int64_t done() const;          ///< of them, those that went through the layers
  std::int64_t found() const;         ///< of these, those that were encoded before, here or elsewhere (focus)
  std::int64_t memory_bytes() const;  ///< keys and values
  TierUse tier_use() const;           ///< what of them went to a file
  /// The text of a range of tokens of everything read so far (to show a citation). Cut at the ends of what
  /// was read.
  std::string text(std::int64_t first_token, std::int64_t count) const;

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// SavedSession::encoder of what this engine's sessions save: weights, metadata that goes in, number types of
/// products, versions. Reads all weights, unless their hash is known.
std::string saved_encoder(const Engine& engine);

/// The method that `auto` takes for a text that does not fit what the model was trained for.
std::string long_method(const Engine& engine);
/// The one that it takes for a session of so many tokens and an answer (0: a usual one's): plain_method()
/// while they fit the trained context, else long_method().
std::string automatic_method(const Engine& engine, std::int64_t tokens, std::int64_t answer_tokens = 0);

/// For ContextOptions::chunk_store: holds up to `most_bytes` of encoded chunks, those that were used last. Of
/// several engines that share one, those exchange chunks that are the same in all that chunks follow from.
std::shared_ptr<memory::SegmentStore> make_chunk_store(std::int64_t most_bytes);
/// For ContextOptions::tail_store, where sessions that share encoded chunks also ask the same question.
/// Engines exchange nothing by it: tails come with candidates, which depend on the adapter.
std::shared_ptr<context::TailStore> make_tail_store(std::int64_t most_bytes);

/// The options with the sizes that the method takes for this model where none was given (0). `options.method`
/// is a method, not auto. Throws UsageError for a size that the method does not take.
ContextOptions with_defaults(const Engine& engine, const ContextOptions& options);

/// Whether a method is asked for whose weights are not there: focus without an adapter for the model, whose
/// candidates find nothing in the text. What `auto` chooses has them.
bool lacks_adapter(const Engine& engine, const ContextOptions& options);

/// Bytes of keys and values that a method keeps for `tokens` tokens and a usual answer.
std::int64_t context_bytes(const Engine& engine, const ContextOptions& options, std::int64_t tokens);
/// About what such a session saves behind a text of `tokens` tokens (Session::save).
std::int64_t saved_bytes(const Engine& engine, const ContextOptions& options, std::int64_t tokens);

}  // namespace focusllm
