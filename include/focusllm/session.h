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

namespace focusllm {

/// A method and its sizes, in tokens. 0 means the method's own default for the model (docs/methods.md).
struct ContextOptions : Settings {
  ContextOptions() { method = "auto"; }  ///< auto, or one of method_names()
  /// Keys and values as bf16 or int8; nothing: bf16 if all of it fits memory, else int8.
  std::optional<KvType> kv_type;
};

/// Sampling, applied in llama.cpp's order: repeat penalty, top-k, top-p, min-p, temperature. temperature 0 is
/// greedy.
struct SamplingOptions {
  float temperature = 0.0F;
  int top_k = 40;
  float top_p = 0.95F;
  float min_p = 0.05F;
  float repeat_penalty = 1.0F;
  int repeat_last = 64;
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
};

struct Timings {
  std::int64_t prompt_tokens = 0;  ///< everything read so far, template included
  std::int64_t read_tokens = 0;    ///< read during this call
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
  /// that it begins with is the one that is put in front anyway.
  struct Options {
    ContextOptions context;
    bool raw = false, special = false;
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
  void begin_text(std::string_view name);
  /// Reads a piece of the text. Throws Cancelled; the session is of no further use then.
  void read(std::string_view text);
  /// The same for text that is tokenized already; raw sessions only. Throws Error for an id outside the
  /// vocabulary.
  void read_tokens(std::span<const Token> ids);
  /// The question after the text (may be empty with raw: continue the text), then the answer. A further call
  /// goes on with the same conversation without reading anything again. Throws Error if the model's file
  /// changed (Engine::check_files), before the answer or during it.
  Answer ask(std::string_view question, const AskOptions& options = {});

  /// A session that goes on from here by itself, for another question about the same text, say: what was read
  /// is shared and stays. Nothing where the method cannot (focus: sessions share encoded chunks by
  /// ContextOptions::chunk_store; infllm with --block-cache), or where nothing was handed to it yet.
  /// Sessions that share text are for one thread at a time; on_progress is the same.
  std::optional<Session> fork() const;

  /// From any thread or a signal handler: read() or ask() throws Cancelled, before the next pass, or between
  /// two layers where nobody else's rows are in the pass.
  void cancel() noexcept;
  std::string_view method() const;  ///< what `auto` became; decided at the first read
  KvType kv_type() const;
  std::int64_t tokens() const;        ///< read or generated so far
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

/// The method that `auto` takes for a text that does not fit what the model was trained for.
std::string long_method(const Engine& engine);

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

}  // namespace focusllm
