#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "answer_json.h"
#include "focusllm/session.h"
#include "options.h"
#include "progress_line.h"
#include "text_input.h"

namespace focusllm::cli {

/// A session with its texts read, or behind one that is kept, and which text stands where: what `run` and
/// `chat` have in common.
class Reader {
 public:
  explicit Reader(const SessionFlags& flags);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Session& session() { return *session_; }
  /// Announces the texts, what is going to be asked and the answer, then reads the texts. Ctrl-C stops it. A
  /// text that may fit the model as a whole is read with the first question, when its length is known.
  void read(const std::vector<Document>& documents, std::string_view question);
  /// Whether a further question fits what the method takes; says why not on standard error. The session stays
  /// as it is.
  bool fits(const std::string& question);
  /// What was read: of the text that is kept, and the documents.
  const std::vector<TextSize>& texts() const { return texts_; }
  /// As Session::ask, with the reading's end told when the first token comes.
  Answer ask(const std::string& question, AskOptions options);
  /// Writes the places that the answer drew on to standard error, and whether the text does not support it.
  void show_citations(const Answer& answer) const;
  /// With -v: what was done and how long it took.
  void show_timings(const Answer& answer) const;

 private:
  void open_session(Session::Options options);
  void show_reading();
  bool tells() const;           ///< whether what is being done is said
  std::string in_file() const;  ///< what of the text is not in memory, in words
  std::string source(const Citation& place) const;

  const SessionFlags& flags_;
  std::shared_ptr<const Engine> engine_;
  ProgressLine progress_{"reading"};
  ProgressLine calibrating_{"calibrating"};
  std::unique_ptr<Session> session_;
  std::vector<TextSize> texts_;
  std::chrono::steady_clock::time_point start_;
  std::int64_t coming_ = 0;  ///< tokens that were announced
  bool reading_ = false;     ///< there is text whose reading has not been told as done
};

}  // namespace focusllm::cli
