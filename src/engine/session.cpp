#include <algorithm>
#include <chrono>
#include <utility>

#include "base/memory.h"
#include "context/method.h"
#include "engine/engine.h"
#include "engine/options.h"
#include "engine/sampler.h"
#include "model/model.h"

namespace focusllm {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr std::string_view kBeforeQuestion = "\n\n";
constexpr std::size_t kTokenizeBytes = std::size_t{1}
                                       << 16;  // of text between two looks at progress and cancellation
constexpr std::size_t kReadTokens = 512;       // handed to the method at once, likewise

/// What a fork begins with as it is.
struct Conversation {
  std::shared_ptr<const Engine> engine;
  Session::Options options;
  std::shared_ptr<const ChatTemplate> chat;  ///< null when raw
  context::Options sizes;                    ///< once the method is decided
  std::int64_t expected = 0;
  std::int64_t answer_tokens = 0;  ///< the most that an answer may have, 0: not known
  std::vector<Token> tokens;       ///< all of the conversation
  std::size_t fed = 0;             ///< of them given to the context
  std::string pending;             ///< text whose ids may still change
  std::size_t uncut = 0;           ///< bytes of it that are known to have no place to cut at
  bool started = false;            ///< the template's opening is there
  bool in_words = false;           ///< pending text goes on with words of which a part is encoded
  bool asked = false;              ///< an answer was given: the next words open a new turn
  bool has_text = false;
};

}  // namespace

struct Session::Impl : Conversation {
  CancelToken cancel;
  std::unique_ptr<context::Context> context;
  Clock::time_point read_start;
  double read_seconds = 0;
  std::int64_t answered = 0;  ///< tokens that were there after the last answer
  Clock::time_point asked_at;

  void open();
  void take(std::string_view text);
  void encode(std::string_view text);
  void settle();
  void take_question(std::string_view question, std::int64_t most_tokens);
  void append(std::vector<Token> more) { tokens.insert(tokens.end(), more.begin(), more.end()); }
  ContextOptions chosen(std::int64_t total) const;
  void decide(std::int64_t total);
  void begin(const ContextOptions& chosen, std::int64_t room);
  bool undecided() const { return context == nullptr; }
  void feed(bool all);
  void fall_back_if_needed(std::int64_t more);
  void report();
  GeneratedToken generated(std::span<const float> logits, Token id, int top) const;
  void generate(std::span<const float> hidden, const AskOptions& ask, Answer& answer);
  std::vector<Citation> cite(int count) const;
};

/// The opening of the first turn, or BOS alone where there is no template.
void Session::Impl::open() {
  if (started) return;
  started = true;
  const Tokenizer& tokenizer = engine->tokenizer();
  if (chat) {
    append(chat->open(options.system));
  } else if (tokenizer.adds_bos() && tokenizer.bos()) {
    tokens.push_back(*tokenizer.bos());
  }
}

void Session::Impl::encode(std::string_view text) {
  if (in_words) return append(engine->tokenizer().encode_continued(text));
  in_words = true;
  append(chat ? chat->words(text) : engine->tokenizer().encode(text));
}

/// Encodes as much of the pending text as no later text can change.
void Session::Impl::take(std::string_view text) {
  has_text = has_text || !text.empty();
  while (!text.empty()) {
    cancel.check();
    const std::size_t size = std::min(text.size(), kTokenizeBytes);
    pending.append(text.substr(0, size));
    text.remove_prefix(size);
    // Looked through only when it has doubled: else a text without such places takes time by its square.
    if (pending.size() < 2 * uncut) continue;
    const std::size_t stable = engine->tokenizer().stable_prefix(pending);
    uncut = stable == 0 ? pending.size() : 0;
    if (stable == 0) continue;
    encode(std::string_view(pending).substr(0, stable));
    pending.erase(0, stable);
    feed(false);
  }
}

/// The user's words end here.
void Session::Impl::settle() {
  if (!pending.empty()) encode(pending);
  pending.clear();
  uncut = 0;
  in_words = false;
}

/// The end of the text, the question and what stands before the answer, all handed to the method.
void Session::Impl::take_question(std::string_view question, std::int64_t most_tokens) {
  answer_tokens = most_tokens;
  open();
  if (asked && chat) append(chat->next());
  const bool after_text = has_text && !asked && !question.empty() && chat != nullptr;
  if (!pending.empty()) encode(std::exchange(pending, {}));
  if (!undecided())
    fall_back_if_needed(answer_room(*engine, most_tokens) + static_cast<std::int64_t>(question.size()));
  if (!tokens.empty() && (chat || !question.empty())) {
    feed(true);
    context->begin_question();
  }
  pending = after_text ? std::string(kBeforeQuestion).append(question) : std::string(question);
  settle();
  if (chat) append(chat->answer());
  if (tokens.empty()) fail("nothing to read: the text and the question are empty");
  asked = true;
  has_text = false;
  feed(true);
}

/// What was asked for, `auto` being what it means for so many tokens.
ContextOptions Session::Impl::chosen(std::int64_t total) const {
  ContextOptions chosen = options.context;
  if (chosen.method == "auto") chosen.method = automatic_method(*engine, total, answer_tokens);
  return chosen;
}

void Session::Impl::decide(std::int64_t total) {
  if (undecided()) begin(chosen(total), std::max(total, expected));
}

/// A method that is decided, with room for `room` tokens.
void Session::Impl::begin(const ContextOptions& chosen, std::int64_t room) {
  sizes = fit_memory(*engine, chosen, room);
  context = make_context(*engine, sizes, cancel);
  context->on_work([this] { report(); });
}

/// Gives what is encoded to the method; while `auto` cannot know yet, text waits. `all`: no more text is
/// coming.
void Session::Impl::feed(bool all) {
  const auto total = static_cast<std::int64_t>(tokens.size());
  if (undecided()) {
    const std::int64_t known = std::max(total, expected);
    const bool may_still_fit = options.context.method == "auto" && chosen(known).method == "full";
    if (may_still_fit && !all) return;
    decide(known);
  } else {
    fall_back_if_needed(0);
  }
  while (fed < tokens.size()) {
    const std::size_t count = std::min(kReadTokens, tokens.size() - fed);
    context->read(std::span(tokens).subspan(fed, count));
    fed += count;
    report();
  }
}

/// `auto` chose `full` for a text that fitted; when the conversation outgrows it, everything is read anew.
void Session::Impl::fall_back_if_needed(std::int64_t more) {
  const std::int64_t total = static_cast<std::int64_t>(tokens.size()) + more;
  if (options.context.method != "auto" || sizes.method != "full" || total <= engine->spec().trained_context)
    return;
  ContextOptions chosen = options.context;
  chosen.method = long_method(*engine);
  begin(chosen, total);
  fed = 0;
  answered = 0;
}

void Session::Impl::report() {
  if (!options.on_progress) return;
  const std::int64_t total = std::max(expected, static_cast<std::int64_t>(tokens.size()));
  options.on_progress({context->done(), total, seconds_since(read_start)});
}

GeneratedToken Session::Impl::generated(std::span<const float> logits, Token id, int top) const {
  GeneratedToken token;
  token.id = id;
  token.logprob = static_cast<float>(logits[static_cast<std::size_t>(id)] - log_sum_exp(logits));
  if (top > 0) token.top = most_likely(logits, top);
  return token;
}

void Session::Impl::generate(std::span<const float> hidden, const AskOptions& ask, Answer& answer) {
  const Tokenizer& tokenizer = engine->tokenizer();
  Sampler sampler(ask.sampling);
  StreamDecoder decoder(tokenizer);
  std::vector<float> logits(static_cast<std::size_t>(engine->spec().vocabulary));
  while (static_cast<std::int64_t>(answer.tokens.size()) < ask.max_tokens) {
    cancel.check();
    engine->model().logits(hidden.data(), 1, logits.data());
    const std::span<const float> known(logits.data(), static_cast<std::size_t>(tokenizer.size()));
    const Token id = sampler.sample(known, tokens);
    if (tokenizer.is_end(id)) {
      answer.stopped_at_end = true;
      break;
    }
    GeneratedToken token = generated(known, id, ask.logprobs);
    token.text = decoder.add(id);
    tokens.push_back(id);
    answer.text += token.text;
    answer.tokens.push_back(std::move(token));
    if (answer.tokens.size() == 1) answer.timings.first_token_seconds = seconds_since(asked_at);
    if (ask.on_token && !ask.on_token(answer.tokens.back())) break;
    if (static_cast<std::int64_t>(answer.tokens.size()) == ask.max_tokens) break;
    if (context->room() < 1) break;  // the model knows no further position: the answer ends by its length
    hidden = context->step(id);
    fed = tokens.size();
  }
  const std::string rest = decoder.finish();
  if (rest.empty() || answer.tokens.empty()) return;
  answer.text += rest;
  answer.tokens.back().text += rest;
}

std::vector<Citation> Session::Impl::cite(int count) const {
  const std::vector<context::Attended> found = context->attended();
  double total = 0;
  for (const context::Attended& place : found) total += place.mass;
  std::vector<Citation> citations;
  for (const context::Attended& place : found) {
    if (static_cast<int>(citations.size()) == count) break;
    citations.push_back({place.first, place.tokens, place.mass / total});
  }
  return citations;
}

Session::Session(std::shared_ptr<const Engine> engine, Options options) : impl_(std::make_unique<Impl>()) {
  impl_->engine = std::move(engine);
  impl_->options = std::move(options);
  if (!impl_->options.raw) impl_->chat = ChatTemplate::recognise(impl_->engine->tokenizer());
  impl_->cancel.follow(impl_->options.cancel);
  if (impl_->options.context.method != "auto") with_defaults(*impl_->engine, impl_->options.context);
  impl_->read_start = Clock::now();
}
Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::expect(std::int64_t tokens, std::int64_t answer_tokens) {
  impl_->answer_tokens = answer_tokens;
  tokens += std::max<std::int64_t>(0, answer_room(*impl_->engine, answer_tokens) - kAnswerRoom);
  impl_->expected = tokens;
  const context::Options sizes =
      impl_->undecided() ? fit_memory(*impl_->engine, impl_->chosen(tokens), tokens) : impl_->sizes;
  const bool may_fall_back = impl_->options.context.method == "auto" && sizes.method == "full";
  if (!may_fall_back) context::check_positions(sizes, impl_->engine->spec(), tokens);
}

void Session::read(std::string_view text) {
  const auto start = Clock::now();
  if (impl_->read_seconds == 0) impl_->read_start = start;
  impl_->open();
  if (impl_->asked) {
    if (impl_->chat) impl_->append(impl_->chat->next());
    impl_->asked = false;
  }
  impl_->take(text);
  impl_->read_seconds += seconds_since(start);
}

void Session::read_tokens(std::span<const Token> ids) {
  if (impl_->chat) fail("token ids can be read by a raw session only: the chat template needs text");
  const auto start = Clock::now();
  if (impl_->read_seconds == 0) impl_->read_start = start;
  for (const Token id : ids) {
    if (id < 0 || id >= impl_->engine->spec().vocabulary) {
      fail("token {}: outside the model's vocabulary of {}", id, impl_->engine->spec().vocabulary);
    }
  }
  impl_->open();
  impl_->settle();
  impl_->asked = false;
  impl_->append({ids.begin(), ids.end()});
  impl_->feed(false);
  impl_->read_seconds += seconds_since(start);
}

Answer Session::ask(std::string_view question, const AskOptions& options) {
  Impl& impl = *impl_;
  const auto start = impl.asked_at = Clock::now();
  impl.take_question(question, options.max_tokens);
  Answer answer;
  if (options.citations > 0) impl.context->start_citing();
  const std::span<const float> hidden = impl.context->finish();
  impl.read_seconds += seconds_since(start);
  impl.report();
  answer.timings.prompt_tokens = static_cast<std::int64_t>(impl.tokens.size());
  answer.timings.read_tokens = impl.context->done() - impl.answered;
  answer.timings.read_seconds = std::exchange(impl.read_seconds, 0.0);

  const auto generate_start = Clock::now();
  const std::size_t before = impl.tokens.size();
  impl.generate(hidden, options, answer);
  answer.timings.generate_seconds = seconds_since(generate_start);
  answer.timings.generated_tokens = static_cast<std::int64_t>(impl.tokens.size() - before);
  impl.answered = impl.context->done();
  if (options.citations > 0) answer.citations = impl.cite(options.citations);
  return answer;
}

std::optional<Session> Session::fork() const {
  auto fork = std::make_unique<Impl>();
  if (impl_->undecided() || !(fork->context = impl_->context->fork(fork->cancel))) return std::nullopt;
  static_cast<Conversation&>(*fork) = *impl_;
  fork->cancel.follow(fork->options.cancel);
  fork->context->on_work([impl = fork.get()] { impl->report(); });
  fork->answered = fork->context->done();
  fork->read_start = Clock::now();
  return Session(std::move(fork));
}

void Session::cancel() noexcept {
  impl_->cancel.cancel();
}
std::string_view Session::method() const {
  return impl_->undecided() ? std::string_view() : impl_->sizes.method;
}
attention::KvType Session::kv_type() const {
  return impl_->sizes.kv_type;
}
std::int64_t Session::tokens() const {
  return static_cast<std::int64_t>(impl_->tokens.size());
}
std::int64_t Session::memory_bytes() const {
  return impl_->undecided() ? 0 : impl_->context->memory_bytes();
}

context::TierUse Session::tier_use() const {
  return impl_->undecided() ? context::TierUse{} : impl_->context->tier_use();
}

std::string Session::text(std::int64_t first_token, std::int64_t count) const {
  const std::int64_t size = tokens();
  const std::int64_t first = std::clamp<std::int64_t>(first_token, 0, size);
  const std::int64_t end = std::clamp<std::int64_t>(first_token + count, first, size);
  StreamDecoder decoder(impl_->engine->tokenizer());
  std::string text;
  for (std::int64_t i = first; i < end; ++i) text += decoder.add(impl_->tokens[static_cast<std::size_t>(i)]);
  return text + decoder.finish();
}

}  // namespace focusllm
