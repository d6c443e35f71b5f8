#pragma once

#include <vector>

#include "server/core.h"
#include "server/generation.h"
#include "server/values.h"

namespace focusllm::server {

// What the APIs' requests have in common. All throw ApiError (400).

/// One message of an API: its role, and its text as a string or parts of one of `part_types` with "text".
Message message_of(const Json& json, const std::string& path, std::span<const std::string_view> part_types);
std::vector<Message> messages_of(const Values& body, const char* name,
                                 std::span<const std::string_view> part_types);

/// The same with the documents that the field `documents` names: ready ones.
Conversation with_documents(Conversation conversation, const Values& body, const Core& core,
                            const std::string& own_names);

/// Temperature, top_p and the like, by the names that OpenAI and llama-server have for them.
SamplingOptions sampling_of(const Values& body, const Core& core);
/// The words of a field, checked against the limits.
std::vector<std::string> stop_words_of(const Values& body, const char* name, const Limits& limits);

/// Counts the prompts' tokens and settles the longest answer: `answer_tokens`, or what there is room for.
/// Throws what expect() would throw for them.
void settle(GenerationRequest& request, const Core& core, std::optional<std::int64_t> answer_tokens);
/// Throws where the model has no chat template.
const ChatTemplate& chat_of(const Core& core);

}  // namespace focusllm::server
