#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/api_error.h"
#include "server/core.h"
#include "server/generation.h"

namespace focusllm::server {

/// One answer, as far as it has come.
struct AnswerSoFar {
  std::string text;
  std::vector<GeneratedToken> tokens;  ///< where log-probabilities are wanted
  std::optional<Outcome> outcome;
};

/// An answer in the form of one API, whole or as a stream of events. For one thread.
class Reply {
 public:
  virtual ~Reply() = default;

  /// Takes an event; gives what is sent for it in a stream, whole server-sent events or nothing.
  std::string add(Event event);
  /// In a stream, once all answers have ended.
  virtual std::string end() = 0;
  /// In a stream that has begun.
  virtual std::string failed(const ApiError& error) = 0;
  /// In a stream in which nothing has happened for a while.
  virtual std::string ping() { return ": ping\n\n"; }
  /// Without a stream, once all answers have ended.
  virtual OrderedJson whole() = 0;

 protected:
  Reply(const Core& core, const GenerationRequest& request, std::string prefix);

  virtual std::string on_progress(const ReadingProgress& progress) = 0;
  virtual std::string on_piece(int choice, const AnswerPiece& piece) = 0;
  virtual std::string on_outcome(int choice, const Outcome& outcome) = 0;

  const std::vector<AnswerSoFar>& answers() const { return answers_; }
  const std::string& id() const { return id_; }
  const std::string& model() const { return model_; }
  std::int64_t created() const { return created_; }
  bool wants_logprobs() const { return logprobs_; }
  /// Tokens of all prompts and answers.
  struct Usage {
    std::int64_t prompt = 0, cached = 0, answer = 0;
  };
  Usage usage() const;

 private:
  std::string id_, model_;
  std::int64_t created_;
  int choices_;  ///< of each prompt
  bool logprobs_;
  std::vector<AnswerSoFar> answers_;
};

/// "prefix" and a random end.
std::string random_id(const std::string& prefix);
/// One server-sent event; with a type where it has one.
std::string event(const OrderedJson& data, const std::string& type = {});
/// llama-server's `timings`.
OrderedJson timings_json(const Outcome& outcome);
/// llama-server's `prompt_progress`.
OrderedJson progress_json(const ReadingProgress& progress);
/// The places that an answer drew on.
OrderedJson citations_json(const Outcome& outcome);
/// OpenAI's `usage`.
OrderedJson usage_json(std::int64_t prompt, std::int64_t cached, std::int64_t answer);

using MakeReply = std::unique_ptr<Reply>(const Core& core, const GenerationRequest& request);
MakeReply chat_reply, completion_reply, messages_reply, responses_reply;

}  // namespace focusllm::server
