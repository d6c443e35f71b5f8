#include "server/request.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace focusllm::server {
namespace {

constexpr std::int64_t kUsualAnswer = 512;  // room that is left for an answer whose length is not given
constexpr std::int64_t kMargin = 64;        // tokens that a session counts generously
constexpr double kAny = 1e6;

Message::Role role_of(const std::string& role, const std::string& path) {
  if (role == "user") return Message::Role::user;
  if (role == "assistant") return Message::Role::assistant;
  if (role == "system" || role == "developer") return Message::Role::system;
  throw not_supported(
      fmt::format("'{}' is \"{}\": the roles are system, developer, user and assistant", path, role), path);
}

std::string part_of(const Json& json, const std::string& path, std::span<const std::string_view> types) {
  if (!json.is_object()) throw bad_request(fmt::format("'{}' must be an object", path), path);
  const Values part(json, path + ".");
  const std::string type = part.text("type").value_or("");
  if (std::ranges::find(types, type) == types.end()) {
    throw not_supported(
        fmt::format("'{}.type' is \"{}\": only {} is supported", path, type, fmt::join(types, " and ")),
        path + ".type");
  }
  const auto text = part.text("text");
  if (!text) throw bad_request(fmt::format("'{}.text' must be given", path), path + ".text");
  return *text;
}

}  // namespace

Message message_of(const Json& json, const std::string& path, std::span<const std::string_view> part_types) {
  if (!json.is_object()) throw bad_request(fmt::format("'{}' must be an object", path), path);
  const Values message(json, path + ".");
  const auto role = message.text("role");
  if (!role) throw bad_request(fmt::format("'{}.role' must be given", path), path + ".role");
  Message said{role_of(*role, path + ".role"), {}};
  for (const char* call : {"tool_calls", "function_call"}) {
    const Json* calls = message.find(call);
    if (calls != nullptr && !calls->empty())
      throw not_supported(fmt::format("'{}.{}': tools are not supported", path, call), path + "." + call);
  }
  const Json* content = message.find("content");
  if (content == nullptr)
    throw bad_request(fmt::format("'{}.content' must be given", path), path + ".content");
  if (content->is_string()) {
    said.parts.push_back(content->get<std::string>());
    return said;
  }
  if (!content->is_array())
    throw bad_request(fmt::format("'{}.content' must be a string or an array of parts", path),
                      path + ".content");
  for (std::size_t i = 0; i < content->size(); ++i)
    said.parts.push_back(part_of((*content)[i], fmt::format("{}.content[{}]", path, i), part_types));
  return said;
}

std::vector<Message> messages_of(const Values& body, const char* name,
                                 std::span<const std::string_view> part_types) {
  const Json* list = body.find(name);
  if (list == nullptr || !list->is_array() || list->empty())
    throw bad_request(fmt::format("'{}' must be an array of messages", name), name);
  std::vector<Message> messages;
  for (std::size_t i = 0; i < list->size(); ++i)
    messages.push_back(message_of((*list)[i], fmt::format("{}[{}]", name, i), part_types));
  return messages;
}

Conversation with_documents(Conversation conversation, const Values& body, const Core& core,
                            const std::string& own_names) {
  const std::vector<std::string> names = body.texts("documents");
  if (names.empty()) return conversation;
  if (!core.documents) throw no_documents("documents");
  for (const std::string& name : names)
    conversation.documents.push_back(core.documents->use(own_names + name, name));
  return conversation;
}

SamplingOptions sampling_of(const Values& body, const Core& core) {
  SamplingOptions sampling = core.defaults.sampling;
  const auto take = [&](const char* name, float& value, double least, double most) {
    if (const auto given = body.number(name, least, most)) value = static_cast<float>(*given);
  };
  take("temperature", sampling.temperature, 0, kAny);
  take("top_p", sampling.top_p, 0, 1);
  take("min_p", sampling.min_p, 0, 1);
  take("presence_penalty", sampling.presence_penalty, -2, 2);
  take("frequency_penalty", sampling.frequency_penalty, -2, 2);
  take("repeat_penalty", sampling.repeat_penalty, 0.01, 100);
  if (const auto k = body.integer("top_k", -1, INT32_MAX))
    sampling.top_k = static_cast<int>(std::max<std::int64_t>(*k, 0));  // -1: all, too
  if (const auto last = body.integer("repeat_last_n", 0, INT32_MAX))
    sampling.repeat_last = static_cast<int>(*last);
  sampling.ignore_end = body.flag("ignore_eos", sampling.ignore_end);
  const auto seed = body.integer("seed", INT64_MIN, INT64_MAX);
  if (seed && *seed != -1) {
    sampling.seed = static_cast<std::uint64_t>(*seed);
  } else if (seed || core.defaults.random_seed) {
    sampling.seed = std::random_device{}();
  }
  return sampling;
}

std::vector<std::string> stop_words_of(const Values& body, const char* name, const Limits& limits) {
  std::vector<std::string> words = body.texts(name);
  std::erase(words, "");
  if (std::ssize(words) > limits.stop_words)
    throw bad_request(fmt::format("'{}' has {} words; {} are allowed", name, words.size(), limits.stop_words),
                      name);
  for (const std::string& word : words) {
    if (word.size() > limits.stop_bytes)
      throw bad_request(
          fmt::format("'{}': a word has {} bytes; {} are allowed", name, word.size(), limits.stop_bytes),
          name);
  }
  return words;
}

const ChatTemplate& chat_of(const Core& core) {
  if (core.chat) return *core.chat;
  throw not_supported("the model has no chat template that is known: use /v1/completions", "messages");
}

void settle(GenerationRequest& request, const Core& core, std::optional<std::int64_t> answer_tokens) {
  const Tokenizer& tokenizer = core.engine->tokenizer();
  std::int64_t longest = 0;
  for (const Prompt& prompt : request.prompts) {
    const bool raw = std::holds_alternative<std::vector<Token>>(prompt);
    std::int64_t tokens =
        raw ? std::ssize(std::get<std::vector<Token>>(prompt)) + (tokenizer.adds_bos() ? 1 : 0)
            : std::ssize(tokens_of(prompt, tokenizer, chat_of(core)));
    if (!raw) {
      for (const DocumentUse& document : std::get<Conversation>(prompt).documents) tokens += document.tokens;
    }
    longest = std::max(longest, tokens);
    request.prompt_tokens.push_back(tokens);
  }
  // An answer that may be long is no reason to read a text otherwise than as a whole, where it fits.
  const std::int64_t trained = core.engine->info().trained_context;
  const std::int64_t room = trained - longest - kMargin;
  const bool may_be_plain = core.context.method == "auto" || method_info(core.context.method).plain;
  const bool is_plain = may_be_plain && room >= std::min(kUsualAnswer, trained / 4);
  // Beside a longer text, an answer takes the room of what is shown of it.
  const std::int64_t usual = is_plain ? room : std::max(kUsualAnswer, trained / 8);
  request.ask.max_tokens = answer_tokens.value_or(std::min(usual, core.defaults.answer_tokens));
  if (is_plain) request.ask.max_tokens = std::min(request.ask.max_tokens, room);
}

}  // namespace focusllm::server
