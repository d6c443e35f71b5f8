#include "focusllm/survey.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "base/error.h"

namespace focusllm {
namespace {

constexpr std::int64_t kUsualPart = 1536;

/// The work that threads share: parts are handed out in order, answers are put in their places.
class Board {
 public:
  explicit Board(std::size_t parts) : answers_(parts) {}

  /// The next part, or nothing where none is left or something went wrong.
  std::optional<std::size_t> take() {
    const std::lock_guard lock(mutex_);
    if (failure_) return std::nullopt;
    if (!given_back_.empty()) {
      ++working_;
      return given_back_.extract(given_back_.begin()).value();
    }
    if (next_ == answers_.size()) return std::nullopt;
    ++working_;
    return next_++;
  }
  void put(std::size_t part, Answer answer) {
    const std::lock_guard lock(mutex_);
    --working_;
    answers_[part] = std::move(answer);
    changed_.notify_all();
  }
  /// A part for which there is no memory beside those that others work on, who take it later; false where
  /// nobody else works.
  bool give_back(std::size_t part) {
    const std::lock_guard lock(mutex_);
    if (working_ < 2) return false;
    --working_;
    given_back_.insert(part);
    return true;
  }
  void fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    changed_.notify_all();
  }
  /// Waits for a part's answer; throws what went wrong with any.
  Answer wait_for(std::size_t part) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || answers_[part]; });
    if (failure_) std::rethrow_exception(failure_);
    return std::move(*answers_[part]);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<Answer>> answers_;
  std::size_t next_ = 0;
  std::set<std::size_t> given_back_;
  int working_ = 0;
  std::exception_ptr failure_;
};

class Survey {
 public:
  Survey(const std::shared_ptr<const Engine>& engine, const std::vector<SourceText>& sources,
         const std::string& question, const SurveyOptions& options)
      : engine_(engine),
        sources_(sources),
        question_(question),
        options_(options),
        parts_(cut_parts(engine->tokenizer(), sources, part_tokens())),
        board_(parts_.size()) {
    stop_.follow(options_.session.cancel);
    options_.session.cancel = &stop_;
    options_.ask.on_token = nullptr;
  }

  std::vector<PartAnswer> run() {
    const auto count = std::min(parts_.size(), static_cast<std::size_t>(std::max(1, options_.at_once)));
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
    try {
      return collect();
    } catch (...) {
      stop_.cancel();
      board_.fail(std::current_exception());
      throw;
    }
  }

 private:
  std::int64_t part_tokens() const {
    if (options_.part_tokens > 0) return options_.part_tokens;
    return std::max<std::int64_t>(1, std::min(kUsualPart, engine_->info().trained_context / 4));
  }

  /// One thread: part after part, each in a session of its own. Where memory is short fewer go on.
  void work() {
    try {
      while (const auto part = board_.take())
        if (!done(*part)) return;
    } catch (...) {
      board_.fail(std::current_exception());
    }
  }

  /// False where there is no memory and others work.
  bool done(std::size_t part) {
    for (;;) {
      try {
        board_.put(part, answer(parts_[part]));
        return true;
      } catch (const NotEnoughMemory&) {
        if (options_.on_no_memory && options_.on_no_memory()) continue;
        if (!board_.give_back(part)) throw;
        return false;
      }
    }
  }

  Answer answer(const TextPart& part) const {
    Session session(engine_, options_.session);
    session.expect(part.tokens + question_tokens_, options_.ask.max_tokens);
    session.read(sources_[part.source].text.substr(static_cast<std::size_t>(part.first_byte),
                                                   static_cast<std::size_t>(part.bytes)));
    return session.ask(question_, options_.ask);
  }

  std::vector<PartAnswer> collect() {
    std::int64_t total = 0, done = 0;
    for (const TextPart& part : parts_) total += part.tokens;
    const auto start = std::chrono::steady_clock::now();
    std::vector<PartAnswer> all;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      all.push_back({parts_[i], board_.wait_for(i)});
      done += parts_[i].tokens;
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      if (options_.on_progress) options_.on_progress({done, total, seconds.count()});
      if (options_.on_answer && !options_.on_answer(all.back())) throw Cancelled();
    }
    return all;
  }

  std::shared_ptr<const Engine> engine_;
  const std::vector<SourceText>& sources_;
  const std::string& question_;
  SurveyOptions options_;
  std::vector<TextPart> parts_;
  Board board_;
  CancelToken stop_;
  /// With what the template puts round it, generously.
  std::int64_t question_tokens_ = std::ssize(engine_->tokenizer().encode(question_)) + 64;
};

}  // namespace

std::vector<PartAnswer> survey(const std::shared_ptr<const Engine>& engine,
                               const std::vector<SourceText>& sources, const std::string& question,
                               const SurveyOptions& options) {
  return Survey(engine, sources, question, options).run();
}

Answer merge_answers(const std::shared_ptr<const Engine>& engine, const std::vector<SourceText>& sources,
                     const std::vector<PartAnswer>& answers, const std::string& question,
                     const SurveyOptions& options,
                     const std::function<bool(const GeneratedToken&)>& on_token) {
  std::string text;
  for (const PartAnswer& one : answers)
    text += fmt::format("{}:{}: {}\n\n", sources[one.part.source].name, one.part.first_line, one.answer.text);
  AskOptions ask = options.ask;
  ask.on_token = on_token;
  Session session(engine, options.session);
  session.expect(std::ssize(engine->tokenizer().encode(text + question)), ask.max_tokens);
  session.read(text);
  return session.ask(question, ask);
}

}  // namespace focusllm
