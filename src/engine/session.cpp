#include "focusllm/session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/error.h"
#include "base/memory.h"
#include "context/method.h"
#include "engine/answer_job.h"
#include "engine/budget.h"
#include "engine/options.h"
#include "engine/parts.h"
#include "engine/saved_settings.h"
#include "engine/scheduler.h"
#include "engine/transcript.h"
#include "model/model.h"

namespace focusllm {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}
double seconds_since(Clock::time_point start) {
  return seconds_between(start, Clock::now());
}

constexpr std::int64_t kReadTokens = 1 << 14;  // handed to the method at once
constexpr std::int64_t kTemplateTokens = 32;   // that stand round a question, generously

/// What a fork begins with as it is.
struct Conversation {
  Conversation(std::shared_ptr<const Engine> the_engine, Session::Options the_options)
      : engine(std::move(the_engine)),
        options(std::move(the_options)),
        transcript(engine->tokenizer(),
                   options.raw ? nullptr : ChatTemplate::of(options.chat_template, engine->tokenizer()),
                   options.system, options.special, options.as_written) {}

  std::shared_ptr<const Engine> engine;
  Session::Options options;
  Transcript transcript;
  context::Options sizes;  ///< once the method is decided
  std::int64_t expected = 0;
  std::int64_t answer_tokens = 0;  ///< the most that an answer may have, 0: not known
  std::int64_t fed = 0;            ///< tokens given to the context
};

}  // namespace

struct Session::Impl : Conversation {
  using Conversation::Conversation;
  explicit Impl(const Conversation& other) : Conversation(other) {}

  CancelToken cancel;
  /// None for a fork, which shares what it was forked from, until it expects more.
  std::unique_ptr<Budget::Grant> grant;
  std::int64_t shared = 0;  ///< bytes that a fork began with
  std::unique_ptr<context::Context> context;
  Clock::time_point read_start = Clock::now();
  double read_seconds = 0;
  std::int64_t answered = 0;      ///< tokens that were there after the last answer
  std::int64_t found_before = 0;  ///< of them, those that were in a store (Context::found)

  void take(std::string_view text);
  void end_text();
  void take_question(std::string_view question, std::int64_t most_tokens);
  void take_answer(std::string_view text);
  std::int64_t tokens_of(std::string_view question) const;
  void start_reading(Clock::time_point start);
  ContextOptions chosen(std::int64_t total) const;
  void decide(std::int64_t total);
  void begin(ContextOptions chosen, std::int64_t room);
  void admit_fork(std::int64_t room);
  bool undecided() const { return context == nullptr; }
  void feed(bool all);
  void begin_text();
  void fall_back_if_needed(std::int64_t more);
  void report(std::int64_t done);
  void run_reading();
  void tell_budget();
  void run_answer(AnswerJob& job, const AskOptions& ask, Answer& answer, Clock::time_point start);
  std::vector<Citation> cite(int count) const;
};

/// Encodes as much of the pending text as no later text can change, and reads that.
void Session::Impl::take(std::string_view text) {
  transcript.begin_text();
  while (!text.empty()) {
    cancel.check();
    const std::string_view piece = text.substr(0, Transcript::kMostBytes);
    text.remove_prefix(piece.size());
    if (transcript.take(piece)) feed(false);
  }
}

void Session::Impl::end_text() {
  if (transcript.size() == 0) return;
  feed(true);
  context->end_text();
}

/// The end of the text, the question and what stands before the answer, all handed to the method.
void Session::Impl::take_question(std::string_view question, std::int64_t most_tokens) {
  answer_tokens = most_tokens;
  transcript.end_text();
  if (!undecided()) fall_back_if_needed(answer_room(*engine, most_tokens) + tokens_of(question));
  if (transcript.chat() || !question.empty()) end_text();
  transcript.ask(question, undecided() ? std::string_view() : method_info(sizes.method).lead);
  feed(true);
  context->mark_question(transcript.question().first, transcript.question().count);
}

/// At most, with what the template puts round it; of a question that is a text itself, its bytes.
std::int64_t Session::Impl::tokens_of(std::string_view question) const {
  const auto bytes = static_cast<std::int64_t>(question.size());
  if (question.size() > Transcript::kMostBytes) return bytes;
  return std::ssize(engine->tokenizer().encode(question)) + kTemplateTokens;
}

void Session::Impl::take_answer(std::string_view text) {
  transcript.answer(text);
  feed(true);
}

/// `start`: of a call that reads.
void Session::Impl::start_reading(Clock::time_point start) {
  if (read_seconds == 0) read_start = start;
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
void Session::Impl::begin(ContextOptions chosen, std::int64_t room) {
  context.reset();
  grant.reset();
  shared = 0;
  if (!find_heads(*engine, chosen, cancel, options.on_calibration)) {
    if (options.context.method != "auto") throw_without_heads();
    chosen.method = long_method(*engine);
  }
  grant = EngineParts::budget(*engine).admit([&](std::int64_t free, std::int64_t promised) {
    sizes = fit_memory(*engine, chosen, room, free, promised, answer_tokens);
    return context::bytes_needed(sizes, spec_of(*engine), room);
  });
  context::Options told = sizes;
  told.plain = transcript.plain_question(method_info(sizes.method).lead);
  context = make_context(*engine, told);
}

/// What a fork will hold for `room` tokens, beside what it shares, is promised to it.
void Session::Impl::admit_fork(std::int64_t room) {
  grant = EngineParts::budget(*engine).admit([&](std::int64_t free, std::int64_t /*promised*/) {
    const std::int64_t needed = context::bytes_needed(sizes, spec_of(*engine), room);
    const std::int64_t more = std::max<std::int64_t>(0, needed - shared);
    if (more <= free) return more;
    throw NotEnoughMemory(fmt::format("{} tokens need {} more of memory for keys and values; {} are free",
                                      room, format_bytes(more),
                                      format_bytes(std::max<std::int64_t>(0, free))));
  });
  tell_budget();
}

/// Tells the method of the text whose first token comes next, in a chat by its name.
void Session::Impl::begin_text() {
  const std::string name = transcript.places().name_at(fed);
  if (transcript.chat() && !name.empty())
    context->name_text(engine->tokenizer().encode_continued(name + ":\n"));
  context->begin_text();
}

/// Gives what is encoded to the method, which works on as much as it can; while `auto` cannot know yet, text
/// waits. `all`: no more text is coming.
void Session::Impl::feed(bool all) {
  const std::int64_t total = transcript.size();
  if (undecided()) {
    const std::int64_t known = std::max(total, expected);
    const bool may_still_fit = options.context.method == "auto" && method_info(chosen(known).method).plain;
    if (may_still_fit && !all) return;
    decide(known);
  } else {
    fall_back_if_needed(0);
  }
  while (fed < total) {
    if (transcript.next_answer_end(fed) == fed) context->end_answer();
    if (transcript.next_text(fed) == fed) begin_text();
    const std::int64_t end = std::min(
        {total, transcript.next_text(fed + 1), transcript.next_answer_end(fed + 1), fed + kReadTokens});
    const auto piece = std::span(transcript.tokens())
                           .subspan(static_cast<std::size_t>(fed), static_cast<std::size_t>(end - fed));
    context->append(piece);
    fed += std::ssize(piece);
    run_reading();
  }
}

/// `auto` chose `full` for a text that fitted; when the conversation outgrows it, everything is read anew.
void Session::Impl::fall_back_if_needed(std::int64_t more) {
  const std::int64_t total = transcript.size() + more;
  if (options.context.method != "auto" || !method_info(sizes.method).plain ||
      total <= spec_of(*engine).trained_context)
    return;
  ContextOptions chosen = options.context;
  chosen.method = long_method(*engine);
  begin(std::move(chosen), total);
  fed = 0;
  answered = 0;
  found_before = 0;
}

void Session::Impl::report(std::int64_t done) {
  if (!options.on_progress) return;
  options.on_progress({done, std::max(expected, transcript.size()), seconds_since(read_start)});
}

void Session::Impl::run_reading() {
  ContextJob job(*context);
  EngineParts::scheduler(*engine).run(job, cancel, [&] { report(job.done()); });
  tell_budget();
}

void Session::Impl::tell_budget() {
  if (grant) grant->hold(std::max<std::int64_t>(0, context->memory_bytes() - shared));
}

/// Runs the job; hands out the tokens of the answer as they come.
void Session::Impl::run_answer(AnswerJob& job, const AskOptions& ask, Answer& answer,
                               Clock::time_point start) {
  Scheduler& scheduler = EngineParts::scheduler(*engine);
  StreamDecoder decoder(engine->tokenizer());
  std::exception_ptr failure;  // of the caller's own
  bool stops = false;
  scheduler.run(job, cancel, [&] {
    if (answer.tokens.empty()) report(job.done());
    for (AnswerJob::Drawn& drawn : job.take_drawn()) {
      if (stops) break;
      answer.tokens.push_back({drawn.id, decoder.add(drawn.id), drawn.logprob, std::move(drawn.top)});
      answer.text += answer.tokens.back().text;
      transcript.answer(drawn.id);
      if (answer.tokens.size() == 1) answer.timings.first_token_seconds = seconds_since(start);
      if (!ask.on_token) continue;
      try {
        stops = !ask.on_token(answer.tokens.back());
      } catch (...) {
        stops = true;
        failure = std::current_exception();
      }
      job.heard(std::ssize(answer.tokens), stops);
    }
    if (ask.on_token) scheduler.wake();
  });
  fed += job.tokens_given();
  if (failure) std::rethrow_exception(failure);
  answer.stopped_at_end = job.stopped_at_end();
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
    citations.push_back({place.first, place.tokens, place.mass / total, place.mass});
  }
  std::vector<std::int64_t> firsts;
  for (const Citation& one : citations) firsts.push_back(one.first_token);
  const auto places = transcript.places().find(firsts, transcript.tokens(), engine->tokenizer());
  for (std::size_t i = 0; i < places.size(); ++i) {
    Citation& one = citations[i];
    const bool of_text = places[i].line > 0;
    const std::int64_t end = one.first_token + one.tokens;
    const std::int64_t tokens = (of_text ? std::min(end, places[i].end) : end) - one.first_token;
    Quote quote = quote_of(transcript.text(one.first_token, tokens),
                           of_text ? static_cast<std::size_t>(places[i].left) : std::string::npos);
    one.source = places[i].name;
    one.byte = places[i].byte + static_cast<std::int64_t>(quote.skipped);
    one.line = places[i].line;
    one.quote = std::move(quote.text);
  }
  return citations;
}

Session::Session(std::shared_ptr<const Engine> engine, Options options)
    : impl_(std::make_unique<Impl>(std::move(engine), std::move(options))) {
  impl_->cancel.follow(impl_->options.cancel);
  if (impl_->options.context.method != "auto") with_defaults(*impl_->engine, impl_->options.context);
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
      impl_->undecided() ? fit_beside_others(*impl_->engine, impl_->chosen(tokens), tokens, answer_tokens)
                         : impl_->sizes;
  const bool may_fall_back = impl_->options.context.method == "auto" && method_info(sizes.method).plain;
  if (!may_fall_back) context::check_positions(sizes, spec_of(*impl_->engine), tokens);
  if (!impl_->undecided() && !impl_->grant) impl_->admit_fork(tokens);
}

void Session::begin_text(std::string_view name, std::int64_t byte, std::int64_t line) {
  impl_->transcript.name_text(std::string(name), byte, line);
}

void Session::read(std::string_view text) {
  const auto start = Clock::now();
  impl_->start_reading(start);
  impl_->take(text);
  impl_->read_seconds += seconds_since(start);
}

void Session::read_tokens(std::span<const Token> ids) {
  if (impl_->transcript.chat())
    fail("token ids can be read by a raw session only: the chat template needs text");
  const auto start = Clock::now();
  impl_->start_reading(start);
  for (const Token id : ids) {
    if (id < 0 || id >= spec_of(*impl_->engine).vocabulary) {
      fail("token {}: outside the model's vocabulary of {}", id, spec_of(*impl_->engine).vocabulary);
    }
  }
  impl_->transcript.take(ids);
  impl_->feed(false);
  impl_->read_seconds += seconds_since(start);
}

void Session::end_text() {
  const auto start = Clock::now();
  impl_->start_reading(start);
  impl_->transcript.end_text();
  impl_->end_text();
  if (!impl_->undecided()) impl_->run_reading();
  impl_->read_seconds += seconds_since(start);
}

void Session::settle() {
  const auto start = Clock::now();
  impl_->start_reading(start);
  if (impl_->transcript.size() > 0) impl_->feed(true);
  impl_->read_seconds += seconds_since(start);
}

void Session::take_turn(std::string_view question, std::string_view answer) {
  if (!impl_->transcript.chat()) fail("a raw session has no turns: read the text as it is");
  const auto start = Clock::now();
  impl_->start_reading(start);
  impl_->take_question(question, impl_->answer_tokens);
  impl_->take_answer(answer);
  impl_->read_seconds += seconds_since(start);
}

Answer Session::ask(std::string_view question, const AskOptions& options) {
  Impl& impl = *impl_;
  impl.engine->check_files();
  const Sampler checked(options.sampling, model_of(*impl.engine).isa());  // before anything is read for it
  const auto start = Clock::now();
  impl.take_question(question, options.max_tokens);
  if (options.citations > 0) impl.context->start_citing();
  AnswerJob job(*impl.engine, *impl.context, options, impl.transcript.tokens());
  Answer answer;
  answer.timings.prompt_tokens = impl.transcript.size();
  impl.run_answer(job, options, answer, start);
  answer.timings.read_tokens = job.prompt_done() - impl.answered;
  const std::int64_t found = impl.context->found();
  answer.timings.found_tokens =
      std::min(found - std::exchange(impl.found_before, found), answer.timings.read_tokens);
  answer.timings.read_seconds =
      std::exchange(impl.read_seconds, 0.0) + seconds_between(start, job.prompt_end());
  answer.timings.generate_seconds = seconds_since(job.prompt_end());
  answer.timings.generated_tokens = std::ssize(answer.tokens);
  impl.answered = impl.context->done();
  impl.tell_budget();
  if (options.citations > 0) answer.citations = impl.cite(options.citations);
  if (method_info(impl.sizes.method).judges)
    EngineParts::scheduler(*impl.engine).call([&] { answer.supported = impl.context->supported(); });
  impl.engine->check_files();
  return answer;
}

SavedSession Session::save() const {
  if (impl_->undecided()) fail("nothing was read yet that could be kept");
  // As numbers: what they are by default may change.
  const context::Options sizes = context::with_defaults(impl_->sizes, spec_of(*impl_->engine));
  memory::Saver saver;
  save_settings(sizes, saver);
  save_template(impl_->options, saver);
  impl_->transcript.save(saver);
  saver.number(impl_->fed);
  EngineParts::scheduler(*impl_->engine).call([&] { impl_->context->save(saver); });
  return {.encoder = saved_encoder(*impl_->engine),
          .method = impl_->sizes.method,
          .settings = settings_in_words(sizes),
          .pieces = saver.take()};
}

Session Session::restore(std::shared_ptr<const Engine> engine, Options options, const SavedSession& saved,
                         std::int64_t answer_tokens) {
  check_saved_method(saved.method, options.context.method);
  memory::Loader loader(saved.pieces);
  const ContextOptions chosen = load_settings(saved.method, options.context, loader);
  check_saved_encoder(saved.encoder, saved_encoder(*engine));
  load_template(options, loader);
  auto impl = std::make_unique<Impl>(std::move(engine), std::move(options));
  impl->cancel.follow(impl->options.cancel);
  impl->transcript.load(loader);
  impl->fed = loader.number(0, impl->transcript.size());
  impl->answer_tokens = answer_tokens;
  impl->begin(chosen, impl->transcript.size());
  check_saved_sizes(chosen, impl->sizes);
  impl->context->load(loader);
  loader.finish();
  impl->answered = impl->context->done();
  impl->tell_budget();
  return Session(std::move(impl));
}

Session Session::restore(std::shared_ptr<const Engine> engine, const Options& options,
                         std::span<const SavedSession> texts, std::int64_t answer_tokens) {
  if (texts.empty()) fail("no text to go on from");
  Session last = restore(engine, options, texts.back(), answer_tokens);
  Impl& all = *last.impl_;
  for (std::size_t i = texts.size() - 1; i-- > 0;) {
    const Session earlier = restore(engine, options, texts[i], answer_tokens);
    const Impl& one = *earlier.impl_;
    if (!all.context->put_before(*one.context))
      throw Error(
          fmt::format("texts that were read apart by `method` {} cannot be asked about together: read "
                      "them with {}, or as one text",
                      texts[i].method, recalling_method(false)),
          "method");
    all.fed += all.transcript.put_before(one.transcript);
  }
  all.answered = all.context->done();
  all.tell_budget();
  return last;
}

std::optional<Session> Session::revise(const std::shared_ptr<const Engine>& engine, const Options& options,
                                       const SavedSession& saved) {
  if (!method_info(saved.method).revises) return std::nullopt;
  std::optional<Session> earlier = restore(engine, options, saved);
  auto impl = std::make_unique<Impl>(engine, earlier->impl_->options);
  impl->cancel.follow(impl->options.cancel);
  const context::Options sizes = context::with_defaults(earlier->impl_->sizes, spec_of(*engine));
  const std::unique_ptr<context::Context> context = std::move(earlier->impl_->context);
  const std::int64_t tokens = earlier->tokens();
  earlier.reset();  // and what was promised to it
  ContextOptions chosen;
  static_cast<Settings&>(chosen) = sizes;
  chosen.kv_type = sizes.kv_type;
  impl->begin(chosen, tokens);
  check_saved_sizes(chosen, impl->sizes);
  if (!impl->context->follow(*context)) return std::nullopt;
  return Session(std::move(impl));
}

std::optional<Session> Session::fork() const {
  if (impl_->undecided()) return std::nullopt;
  auto fork = std::make_unique<Impl>(static_cast<const Conversation&>(*impl_));
  // Between two passes: what is shared must not change while it is taken.
  EngineParts::scheduler(*impl_->engine).call([&] { fork->context = impl_->context->fork(); });
  if (!fork->context) return std::nullopt;
  fork->cancel.follow(fork->options.cancel);
  fork->answered = fork->context->done();
  fork->shared = fork->context->memory_bytes();
  return Session(std::move(fork));
}

void Session::set_progress(ProgressCallback on_progress) {
  impl_->options.on_progress = std::move(on_progress);
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
  return impl_->transcript.size();
}
std::int64_t Session::done() const {
  return impl_->undecided() ? 0 : impl_->context->done();
}
std::int64_t Session::found() const {
  return impl_->undecided() ? 0 : impl_->context->found();
}
std::int64_t Session::memory_bytes() const {
  return impl_->undecided() ? 0 : impl_->context->memory_bytes();
}

TierUse Session::tier_use() const {
  return impl_->undecided() ? TierUse{} : impl_->context->tier_use();
}

std::string Session::text(std::int64_t first_token, std::int64_t count) const {
  return impl_->transcript.text(first_token, count);
}

}  // namespace focusllm
