#include <array>

#include <fmt/format.h>

#include "server/api_requests.h"
#include "server/request.h"

namespace focusllm::server {
namespace {

constexpr std::array<std::string_view, 1> kChatParts = {"text"};

int logprobs_of(const Values& body, const Limits& limits) {
  const bool wanted = body.flag("logprobs");
  const std::int64_t top = body.integer("top_logprobs", 0, limits.logprobs).value_or(0);
  if (!wanted && top > 0) throw bad_request("'top_logprobs' needs 'logprobs': true", "top_logprobs");
  return wanted ? static_cast<int>(std::max<std::int64_t>(top, 1)) : 0;
}

}  // namespace

Conversation chat_conversation(const Values& body) {
  return conversation_of(messages_of(body, "messages", kChatParts));
}

GenerationRequest parse_chat(const Values& body, const Core& core, const std::string& own_names) {
  GenerationRequest request;
  request.prompts.emplace_back(with_documents(chat_conversation(body), body, core, own_names));
  request.choices = static_cast<int>(body.integer("n", 1, core.limits.choices).value_or(1));
  request.ask.sampling = sampling_of(body, core);
  request.ask.logprobs = logprobs_of(body, core.limits);
  request.stop = stop_words_of(body, "stop", core.limits);
  request.stream = body.flag("stream");
  request.include_usage = body.object("stream_options").flag("include_usage");
  request.progress = body.flag("return_progress") && request.stream;
  const auto most = body.integer("max_tokens", 1, core.limits.answer_tokens);
  const auto newer = body.integer("max_completion_tokens", 1, core.limits.answer_tokens);
  settle(request, core, newer ? newer : most);
  return request;
}

}  // namespace focusllm::server
