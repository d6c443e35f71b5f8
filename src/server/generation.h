#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "server/core.h"
#include "server/prompt.h"

namespace focusllm::server {

/// What a request wants, in whichever API it was written.
struct GenerationRequest {
  std::vector<Prompt> prompts;
  std::vector<std::int64_t> prompt_tokens;  ///< of each, template included
  int choices = 1;                          ///< answers to each
  AskOptions ask;                           ///< all but on_token
  std::vector<std::string> stop;
  bool stream = false, include_usage = false, progress = false;
  std::string owner;  ///< whose kept sessions may be gone on from
};

/// How far a prompt is.
struct ReadingProgress {
  std::int64_t read = 0, total = 0, cached = 0;  ///< tokens; read ones include cached ones
  double seconds = 0;
};

/// A token of an answer, with what can be shown by it, which may be nothing.
struct AnswerPiece {
  std::string text;
  std::optional<GeneratedToken> token;  ///< not of the text that is left at the end
};

/// A place that an answer drew on.
struct Cited {
  std::string document;                         ///< as its owner calls it; empty: the prompt
  std::string file;                             ///< of the document, which may have several
  std::int64_t first_byte = 0, first_line = 0;  ///< of the document; 0: of none
  std::int64_t first_token = 0, tokens = 0;
  double share = 0;
  std::string quote;
};

/// How an answer ended.
struct Outcome {
  bool by_length = false;
  std::string stop_word;  ///< that ended it; empty: the model, or its length
  std::int64_t prompt_tokens = 0, cached_tokens = 0, answer_tokens = 0;
  Timings timings;
  std::vector<Cited> citations;  ///< of an answer from documents, or from a text that was not seen as a whole
};

/// Something that happened to one of a request's answers (prompt by prompt, `choices` each).
struct Event {
  int choice = 0;
  std::variant<ReadingProgress, AnswerPiece, Outcome> what;
};

/// A request that is being worked on, in threads of its own. Its events are for one thread.
class Generation {
 public:
  /// Throws ApiError where too many wait.
  Generation(Core& core, GenerationRequest request);
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;
  /// Stops what still runs.
  ~Generation();

  /// The next event; nothing after `patience`, or when all answers have ended (over()). Throws what went
  /// wrong with any of them.
  std::optional<Event> next(std::chrono::milliseconds patience);
  bool over() const { return ended_ == answers_; }
  /// Stops all work, from any thread: next() throws Cancelled.
  void cancel();
  const GenerationRequest& request() const { return request_; }

 private:
  struct Reading;
  void run();
  void work_on(std::size_t prompt);
  Reading read(std::size_t prompt);
  Reading begin(std::size_t prompt);
  Session open(const Prompt& prompt);
  void read_turns(const Conversation& conversation, std::size_t turns_read, Reading& reading);
  void answer(int choice, Reading& reading);
  void keep(Reading& reading, const Answer& answer, const std::string& shown);
  std::shared_ptr<Session> adopt(Session session);
  void release(const std::shared_ptr<Session>& session);
  void show_progress(std::size_t prompt, Session& session, std::int64_t cached);
  void emit(Event event);
  void fail(std::exception_ptr failure);
  template <typename Body>
  void guard(const Body& body);
  std::size_t answers() const;
  bool stopped() const { return cancelled_.load(); }

  Core& core_;
  const GenerationRequest request_;
  Slots::Ticket ticket_;
  const std::size_t answers_;
  std::size_t ended_ = 0;  ///< of the thread that takes events
  std::atomic<bool> cancelled_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> events_;
  std::exception_ptr failure_;
  std::vector<std::shared_ptr<Session>> sessions_;  ///< that work
  std::thread thread_;                              ///< last: it uses all others
};

}  // namespace focusllm::server
