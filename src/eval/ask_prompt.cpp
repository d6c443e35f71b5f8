#include "eval/ask_prompt.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;

constexpr int kMostPlaces = 256;  // that an answer names

std::string first_line(const std::string& text) {
  const auto begin = std::min(text.find_first_not_of('\n'), text.size());
  return text.substr(begin, text.find('\n', begin) - begin);
}

/// Whether an answer whose first line counts is complete.
bool ends_line(const std::string& text) {
  return text.find('\n', std::min(text.find_first_not_of('\n'), text.size())) != std::string::npos;
}

double score_of(const Prompt& prompt, const std::string& text, const Answer& answer) {
  if (!prompt.absent) return prompt.metric(text, prompt.expected);
  return answer.supported.value_or(true) ? 0 : 1;
}

/// The share of what the answer follows from that stands in the places that the answer names.
double found_share(const Prompt& prompt, const Session& session, const Answer& answer) {
  std::vector<std::string> places;
  for (const Citation& citation : answer.citations)
    places.push_back(session.text(citation.first_token, citation.tokens));
  const auto found = std::ranges::count_if(prompt.support, [&](const std::string& sentence) {
    return std::ranges::any_of(
        places, [&](const std::string& place) { return place.find(sentence) != std::string::npos; });
  });
  return static_cast<double>(found) / static_cast<double>(prompt.support.size());
}

}  // namespace

std::int64_t answer_tokens(const Prompt& prompt, Form form) {
  const std::int64_t question = std::ssize(prompt.tokens) - prompt.text_tokens;
  return prompt.answer_tokens + (form == Form::chat ? question : 0);
}

Results::Json ask_prompt(PromptReader& reader, const Prompt& prompt, const ContextOptions& options,
                         Form form) {
  const auto start = std::chrono::steady_clock::now();
  const auto since_start = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  if (prompt.absent && !method_info(options.method).judges)
    fail("the method {} does not say whether the text answers a question", options.method);
  const bool chat = form == Form::chat;
  Session session =
      chat ? reader.read_text(prompt, options) : reader.read(prompt.tokens, prompt.answer_tokens, options);
  AskOptions ask;
  const bool cites = !prompt.support.empty() && method_info(options.method).cites;
  if (cites) ask.citations = kMostPlaces;
  ask.max_tokens = answer_tokens(prompt, form);
  std::string so_far;
  double first_token_seconds = 0;
  ask.on_token = [&](const GeneratedToken& token) {
    if (first_token_seconds == 0) first_token_seconds = since_start();
    so_far += token.text;
    return !(prompt.first_line && ends_line(so_far));
  };
  const Answer answer = session.ask(chat ? prompt.question : "", ask);
  const std::string text = prompt.first_line ? first_line(answer.text) : answer.text;
  const double score = score_of(prompt, text, answer);
  const Timings& time = answer.timings;
  const TierUse use = session.tier_use();
  Json outcome = {{"score", score},
                  {"right", score == 1},
                  {"expected", prompt.expected},
                  {"answer", text},
                  {"tokens", time.prompt_tokens},
                  {"read_tokens", time.read_tokens},
                  {"needle", prompt.needle ? Json(*prompt.needle) : Json()},
                  {"read_seconds", time.read_seconds},
                  {"first_token_seconds", time.generated_tokens > 0 ? Json(first_token_seconds) : Json()},
                  {"generated_tokens", time.generated_tokens},
                  {"generate_seconds", time.generate_seconds},
                  {"memory_bytes", session.memory_bytes()},
                  {"kv_type", kv_type_name(session.kv_type())}};
  if (cites) outcome["found"] = found_share(prompt, session, answer);
  if (cites && !answer.citations.empty()) outcome["best"] = answer.citations.front().score;
  if (answer.supported) outcome["supported"] = *answer.supported;
  if (use.disk_bytes > 0)
    outcome["file"] = {{"bytes", use.disk_bytes}, {"blocks_found", use.found}, {"blocks_read", use.read}};
  return outcome;
}

}  // namespace focusllm::eval
