#include "server/generation.h"

#include <algorithm>
#include <utility>

#include "server/api_error.h"
#include "server/stop_words.h"

namespace focusllm::server {
namespace {

constexpr int kCitations = 8;
constexpr std::int64_t kWorthKeeping = 256;           // tokens of a text that others may ask about, too
constexpr std::chrono::seconds kMemoryPatience{120};  // for others to end, where memory is short

Session::Options session_options(const Core& core, const std::string& owner, const Prompt& prompt) {
  Session::Options options;
  options.context = core.context;
  const auto store = core.chunk_stores.find(owner);
  if (store != core.chunk_stores.end()) options.context.chunk_store = store->second;
  options.as_written = true;
  options.raw = std::holds_alternative<std::vector<Token>>(prompt);
  if (options.raw) return options;
  options.chat_template = core.chat_name;
  options.system = std::get<Conversation>(prompt).system;
  return options;
}

/// Whether answers name places: of texts that the model does not see as a whole.
bool cites(const Session& session) {
  return !session.method().empty() && method_info(session.method()).cites;
}

}  // namespace

/// A prompt that is read up to its question.
struct Generation::Reading {
  std::shared_ptr<Session> session;
  ReadingKey key;                                     ///< what the session has read
  std::shared_ptr<SessionPool::Kept> from = nullptr;  ///< what it shares memory with
  std::string asked = {};                             ///< the question of the request
  std::string question = {};                          ///< as it is put to the session
  std::string document = {};                          ///< that the session stands behind, if it is one
  bool raw = false;
};

Generation::Generation(Core& core, GenerationRequest request)
    : core_(core),
      request_(std::move(request)),
      ticket_(core.slots),
      answers_(request_.prompts.size() * static_cast<std::size_t>(request_.choices)),
      thread_([this] { run(); }) {}

Generation::~Generation() {
  cancel();
  thread_.join();
}

void Generation::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (const auto& session : sessions_) session->cancel();
  core_.slots.wake();
}

std::optional<Event> Generation::next(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (over()) return {};
  changed_.wait_for(lock, patience, [&] { return !events_.empty() || failure_; });
  if (events_.empty()) {
    if (failure_) std::rethrow_exception(failure_);
    return {};
  }
  Event event = std::move(events_.front());
  events_.pop_front();
  if (std::holds_alternative<Outcome>(event.what)) ++ended_;
  return event;
}

void Generation::emit(Event event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  changed_.notify_all();
}

/// Of the first that fails; the others are stopped.
void Generation::fail(std::exception_ptr failure) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    changed_.notify_all();
  }
  cancel();
}

template <typename Body>
void Generation::guard(const Body& body) {
  try {
    body();
  } catch (...) {
    fail(std::current_exception());
  }
}

/// Cancelled with the request from now on.
std::shared_ptr<Session> Generation::adopt(Session session) {
  auto kept = std::make_shared<Session>(std::move(session));
  const std::lock_guard lock(mutex_);
  if (stopped()) kept->cancel();
  sessions_.push_back(kept);
  return kept;
}

void Generation::release(const std::shared_ptr<Session>& session) {
  const std::lock_guard lock(mutex_);
  std::erase(sessions_, session);
}

void Generation::run() {
  guard([&] {
    if (!ticket_.wait([&] { return stopped(); })) throw Cancelled();
    for (std::size_t i = 0; i < request_.prompts.size(); ++i) work_on(i);
  });
}

/// Reads a prompt once and answers it as often as is wanted, beside each other where the method forks.
void Generation::work_on(std::size_t prompt) {
  const int first = static_cast<int>(prompt) * request_.choices;
  Reading reading = read(prompt);
  std::vector<std::jthread> others;
  guard([&] {
    for (int i = 1; i < request_.choices; ++i) {
      Reading own = reading;
      auto fork = reading.session->fork();
      own.session = fork ? adopt(std::move(*fork)) : nullptr;
      others.emplace_back([this, prompt, choice = first + i, own = std::move(own)]() mutable {
        guard([&] {
          if (!own.session) own = read(prompt);
          answer(choice, own);
        });
      });
    }
    answer(first, reading);
  });
}

/// Where memory is short, kept sessions go, then others' ends are waited for.
Generation::Reading Generation::read(std::size_t prompt) {
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    try {
      return begin(prompt);
    } catch (const NotEnoughMemory& error) {
      if (core_.pool.drop_oldest()) continue;
      const auto waited = std::chrono::steady_clock::now() - start;
      if (waited > kMemoryPatience) throw;
      if (!ticket_.wait_for_another([&] { return stopped(); }))
        throw ApiError(400, "invalid_request_error", error.what(), "messages", "insufficient_memory");
      if (stopped()) throw Cancelled();
    }
  }
}

void Generation::show_progress(std::size_t prompt, Session& session, std::int64_t cached) {
  if (!request_.progress) return session.set_progress(nullptr);
  const int choice = static_cast<int>(prompt) * request_.choices;
  const std::int64_t total = request_.prompt_tokens[prompt];
  emit({choice, ReadingProgress{cached, total, cached, 0}});
  session.set_progress([this, choice, total, cached](const Progress& progress) {
    const std::int64_t read = std::clamp(progress.done, cached, total);
    emit({choice, ReadingProgress{read, total, cached, progress.seconds}});
  });
}

/// A session that has read nothing but documents.
Session Generation::open(const Prompt& prompt) {
  const auto* conversation = std::get_if<Conversation>(&prompt);
  if (conversation != nullptr && !conversation->documents.empty())
    return core_.documents->open(conversation->documents, request_.ask.max_tokens).session;
  return Session(core_.engine, session_options(core_, request_.owner, prompt));
}

/// Goes on from what is kept of the prompt, and reads the rest up to the question.
Generation::Reading Generation::begin(std::size_t index) {
  const Prompt& prompt = request_.prompts[index];
  const std::string wanted = key_of(request_.owner, prompt).string();
  auto found = core_.pool.take(wanted);
  Session session = found ? std::move(found->session) : open(prompt);
  const std::size_t had = found ? found->read : 0;
  Reading reading{.session = adopt(std::move(session)), .key = ReadingKey(request_.owner)};
  if (found) reading.from = found->from;
  const auto* tokens = std::get_if<std::vector<Token>>(&prompt);
  reading.raw = tokens != nullptr;
  try {
    reading.session->expect(request_.prompt_tokens[index], request_.ask.max_tokens);
    show_progress(index, *reading.session, reading.session->done());
    if (tokens != nullptr) {
      const std::size_t empty = reading.key.tokens({}).string().size();
      const std::size_t known = had > empty ? (had - empty) / sizeof(Token) : 0;
      reading.session->read_tokens(std::span(*tokens).subspan(known));
      reading.key.tokens(*tokens);
    } else {
      read_turns(std::get<Conversation>(prompt), had, reading);
    }
    return reading;
  } catch (...) {
    release(reading.session);
    throw;
  }
}

/// `had`: bytes of the prompt's key that the session has read.
void Generation::read_turns(const Conversation& conversation, std::size_t had, Reading& reading) {
  Session& session = *reading.session;
  const auto is_new = [&] { return reading.key.string().size() > had; };
  const auto read_text = [&](const std::string& text) {
    if (text.empty()) return false;
    reading.key.text(text);
    if (is_new()) session.read(text);
    return is_new();
  };
  // Documents were read without it: it stands in front of the first question then.
  std::string before = conversation.documents.empty() || conversation.system.empty()
                           ? std::string()
                           : conversation.system + "\n\n";
  for (const DocumentUse& document : conversation.documents) reading.key.document(document);
  reading.key.system(conversation.system);
  for (const Turn& turn : conversation.before) {
    read_text(turn.user.text);
    reading.key.turn(turn.user.question, turn.answer);
    if (is_new()) session.take_turn(std::exchange(before, {}) + turn.user.question, turn.answer);
    before.clear();
  }
  reading.asked = conversation.last.question;
  reading.question = before + reading.asked;
  if (conversation.documents.size() == 1) reading.document = conversation.documents.front().shown;
  if (!read_text(conversation.last.text) || session.tokens() < kWorthKeeping) return;
  session.settle();
  if (auto fork = session.fork()) {
    fork->set_progress(nullptr);
    reading.from = core_.pool.put(reading.key.string(), std::move(*fork), reading.from);
  }
}

void Generation::answer(int choice, Reading& reading) {
  StopWords stop(request_.stop);
  AskOptions ask = request_.ask;
  ask.sampling.seed += static_cast<std::uint64_t>(choice);
  if (!reading.raw && cites(*reading.session)) ask.citations = kCitations;
  std::size_t told = 0;  // bytes of the answer
  std::string shown;
  const auto show = [&](std::string text, std::optional<GeneratedToken> token) {
    shown += text;
    emit({choice, AnswerPiece{std::move(text), std::move(token)}});
  };
  ask.on_token = [&](const GeneratedToken& token) {
    told += token.text.size();
    show(stop.add(token.text), token);
    return stop.found().empty();
  };
  const Answer answer = reading.session->ask(reading.question, ask);
  std::string rest = stop.add(std::string_view(answer.text).substr(std::min(told, answer.text.size())));
  rest += stop.finish();
  if (!rest.empty()) show(std::move(rest), {});
  Outcome outcome;
  outcome.stop_word = stop.found();
  outcome.by_length = stop.found().empty() && !answer.stopped_at_end;
  outcome.timings = answer.timings;
  outcome.prompt_tokens = answer.timings.prompt_tokens;
  outcome.cached_tokens = std::max<std::int64_t>(0, outcome.prompt_tokens - answer.timings.read_tokens) +
                          answer.timings.found_tokens;
  outcome.answer_tokens = answer.timings.generated_tokens;
  for (const Citation& place : answer.citations)
    outcome.citations.push_back({reading.document.empty() ? place.source : reading.document, place.source,
                                 place.byte, place.line, place.first_token, place.tokens, place.share,
                                 place.quote});
  keep(reading, answer, shown);
  core_.metrics.prompt(outcome.prompt_tokens, outcome.cached_tokens, answer.timings.read_seconds,
                       answer.timings.first_token_seconds);
  core_.metrics.answer(outcome.answer_tokens, answer.timings.generate_seconds);
  emit({choice, std::move(outcome)});
}

/// The session, for who goes on with this conversation, unless it has more of the answer than was shown.
void Generation::keep(Reading& reading, const Answer& answer, const std::string& shown) {
  release(reading.session);
  if (shown != answer.text || stopped()) return;
  reading.session->set_progress(nullptr);
  if (reading.raw) {
    for (const GeneratedToken& token : answer.tokens) reading.key.tokens({&token.id, 1});
  } else {
    reading.key.turn(reading.asked, shown);
  }
  core_.pool.put(reading.key.string(), std::move(*reading.session), reading.from);
}

}  // namespace focusllm::server
