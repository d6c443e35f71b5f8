#pragma once

#include "server/core.h"
#include "server/generation.h"
#include "server/values.h"

namespace focusllm::server {

/// A request's body as one API has it, its fields checked already (check_fields). own_names: what stands in
/// front of the names of documents of who asks (Site::own_names). Throws ApiError (400).
using ParseRequest = GenerationRequest(const Values& body, const Core& core, const std::string& own_names);
ParseRequest parse_chat, parse_completion, parse_messages, parse_responses;

// Their messages alone, for counts of tokens and what a template makes of them.
using ParseConversation = Conversation(const Values& body);
ParseConversation chat_conversation, messages_conversation;

}  // namespace focusllm::server
