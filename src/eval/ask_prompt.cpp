#include "eval/ask_prompt.h"

#include <algorithm>
#include <chrono>

namespace focusllm::eval {
namespace {

using Json = Results::Json;

std::string first_line(const std::string& text) {
  const auto begin = std::min(text.find_first_not_of('\n'), text.size());
  return text.substr(begin, text.find('\n', begin) - begin);
}

/// Whether an answer whose first line counts is complete.
bool ends_line(const std::string& text) {
  return text.find('\n', std::min(text.find_first_not_of('\n'), text.size())) != std::string::npos;
}

}  // namespace

Results::Json ask_prompt(PromptReader& reader, const Prompt& prompt, const ContextOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto since_start = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  Session session = reader.read(prompt.tokens, prompt.answer_tokens, options);
  AskOptions ask;
  ask.max_tokens = prompt.answer_tokens;
  std::string so_far;
  double first_token_seconds = 0;
  ask.on_token = [&](const GeneratedToken& token) {
    if (first_token_seconds == 0) first_token_seconds = since_start();
    so_far += token.text;
    return !(prompt.first_line && ends_line(so_far));
  };
  const Answer answer = session.ask("", ask);
  const std::string text = prompt.first_line ? first_line(answer.text) : answer.text;
  const double score = prompt.metric(text, prompt.expected);
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
  if (use.disk_bytes > 0)
    outcome["file"] = {{"bytes", use.disk_bytes}, {"blocks_found", use.found}, {"blocks_read", use.read}};
  return outcome;
}

}  // namespace focusllm::eval
