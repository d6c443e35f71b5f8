// Anthropic's messages.
#include <array>

#include "server/api_requests.h"
#include "server/request.h"

namespace focusllm::server {
namespace {

constexpr std::array<std::string_view, 1> kBlocks = {"text"};

/// The system message stands beside the messages, as text or blocks of it.
std::vector<Message> system_of(const Values& body) {
  const Json* system = body.find("system");
  if (system == nullptr) return {};
  return {message_of({{"role", "system"}, {"content", *system}}, "system", kBlocks)};
}

}  // namespace

Conversation messages_conversation(const Values& body) {
  std::vector<Message> messages = system_of(body);
  for (Message& message : messages_of(body, "messages", kBlocks)) messages.push_back(std::move(message));
  return conversation_of(messages);
}

GenerationRequest parse_messages(const Values& body, const Core& core, const std::string& own_names) {
  GenerationRequest request;
  request.prompts.emplace_back(with_documents(messages_conversation(body), body, core, own_names));
  request.ask.sampling = sampling_of(body, core);
  request.stop = stop_words_of(body, "stop_sequences", core.limits);
  request.stream = body.flag("stream");
  const auto most = body.integer("max_tokens", 1, core.limits.answer_tokens);
  if (!most) throw bad_request("'max_tokens' must be given", "max_tokens");
  settle(request, core, most);
  return request;
}

}  // namespace focusllm::server
