// OpenAI's responses.
#include <array>

#include <fmt/format.h>

#include "server/api_requests.h"
#include "server/request.h"

namespace focusllm::server {
namespace {

constexpr std::array<std::string_view, 3> kInputParts = {"input_text", "output_text", "text"};

std::vector<Message> input_of(const Values& body) {
  const Json* input = body.find("input");
  if (input != nullptr && input->is_string())
    return {Message{Message::Role::user, {input->get<std::string>()}}};
  if (input == nullptr || !input->is_array())
    throw bad_request("'input' must be a string or an array of messages", "input");
  std::vector<Message> messages;
  for (std::size_t i = 0; i < input->size(); ++i) {
    const std::string path = fmt::format("input[{}]", i);
    const Json& item = (*input)[i];
    if (item.is_object() && item.contains("type") && item["type"] != "message")
      throw not_supported(fmt::format("'{}': only items of type message are supported", path), path);
    messages.push_back(message_of(item, path, kInputParts));
  }
  return messages;
}

Conversation conversation(const Values& body) {
  std::vector<Message> messages;
  if (const auto system = body.text("instructions")) messages.push_back({Message::Role::system, {*system}});
  for (Message& message : input_of(body)) messages.push_back(std::move(message));
  return conversation_of(messages);
}

}  // namespace

GenerationRequest parse_responses(const Values& body, const Core& core, const std::string& own_names) {
  GenerationRequest request;
  request.prompts.emplace_back(with_documents(conversation(body), body, core, own_names));
  request.ask.sampling = sampling_of(body, core);
  request.stream = body.flag("stream");
  settle(request, core, body.integer("max_output_tokens", 1, core.limits.answer_tokens));
  return request;
}

}  // namespace focusllm::server
