#include "server/reply.h"

#include <chrono>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "server/api_error.h"

namespace focusllm::server {
namespace {

double per_second(std::int64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

}  // namespace

Reply::Reply(const Core& core, const GenerationRequest& request, std::string prefix)
    : id_(random_id(prefix)),
      model_(core.model),
      created_(std::chrono::duration_cast<std::chrono::seconds>(
                   std::chrono::system_clock::now().time_since_epoch())
                   .count()),
      choices_(request.choices),
      logprobs_(request.ask.logprobs > 0),
      answers_(request.prompts.size() * static_cast<std::size_t>(request.choices)) {}

std::string Reply::add(Event event) {
  AnswerSoFar& answer = answers_[static_cast<std::size_t>(event.choice)];
  if (const auto* progress = std::get_if<ReadingProgress>(&event.what)) return on_progress(*progress);
  if (auto* piece = std::get_if<AnswerPiece>(&event.what)) {
    answer.text += piece->text;
    std::string sent = on_piece(event.choice, *piece);
    if (logprobs_ && piece->token) answer.tokens.push_back(std::move(*piece->token));
    return sent;
  }
  answer.outcome = std::get<Outcome>(event.what);
  return on_outcome(event.choice, *answer.outcome);
}

Reply::Usage Reply::usage() const {
  Usage usage;
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    if (!answers_[i].outcome) continue;
    const Outcome& outcome = *answers_[i].outcome;
    usage.answer += outcome.answer_tokens;
    if (i % static_cast<std::size_t>(choices_) != 0) continue;  // one prompt, several answers
    usage.prompt += outcome.prompt_tokens;
    usage.cached += outcome.cached_tokens;
  }
  return usage;
}

std::string random_id(const std::string& prefix) {
  std::random_device random;
  return fmt::format("{}{:08x}{:08x}{:08x}", prefix, random(), random(), random());
}

std::string event(const OrderedJson& data, const std::string& type) {
  return (type.empty() ? "" : "event: " + type + "\n") + "data: " + dump(data) + "\n\n";
}

OrderedJson timings_json(const Outcome& outcome) {
  const std::int64_t read = outcome.prompt_tokens - outcome.cached_tokens;
  const Timings& timings = outcome.timings;
  return {{"cache_n", outcome.cached_tokens},
          {"prompt_n", read},
          {"prompt_ms", timings.read_seconds * 1e3},
          {"prompt_per_second", per_second(read, timings.read_seconds)},
          {"predicted_n", outcome.answer_tokens},
          {"predicted_ms", timings.generate_seconds * 1e3},
          {"predicted_per_second", per_second(outcome.answer_tokens, timings.generate_seconds)}};
}

OrderedJson progress_json(const ReadingProgress& progress) {
  return {{"total", progress.total},
          {"cache", progress.cached},
          {"processed", progress.read},
          {"time_ms", static_cast<std::int64_t>(progress.seconds * 1e3)}};
}

OrderedJson citations_json(const Outcome& outcome) {
  OrderedJson citations = OrderedJson::array();
  for (const Cited& place : outcome.citations) {
    citations.push_back(
        {{"document", place.document.empty() ? OrderedJson(nullptr) : OrderedJson(place.document)},
         {"first_byte", place.first_byte},
         {"bytes", place.quote.size()},
         {"first_line", place.first_line},
         {"first_token", place.first_token},
         {"tokens", place.tokens},
         {"quote", place.quote},
         {"share", place.share}});
    if (!place.document.empty() && place.file != place.document) citations.back()["file"] = place.file;
  }
  return citations;
}

OrderedJson usage_json(std::int64_t prompt, std::int64_t cached, std::int64_t answer) {
  return {{"prompt_tokens", prompt},
          {"completion_tokens", answer},
          {"total_tokens", prompt + answer},
          {"prompt_tokens_details", {{"cached_tokens", cached}}}};
}

}  // namespace focusllm::server
