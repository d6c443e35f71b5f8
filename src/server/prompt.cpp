#include "server/prompt.h"

#include <array>
#include <cstring>
#include <utility>

namespace focusllm::server {
namespace {

void append(std::vector<Token>& ids, const std::vector<Token>& more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

std::vector<Token> tokens_of(const Conversation& conversation, const Tokenizer& tokenizer,
                             const ChatTemplate& chat) {
  std::vector<Token> ids = chat.open(conversation.system);
  const auto add_user = [&](const UserMessage& message) {
    append(ids, chat.words(message.text + message.question, ids));
    append(ids, chat.answer());
  };
  for (const Turn& turn : conversation.before) {
    add_user(turn.user);
    append(ids, tokenizer.encode_continued(turn.answer));
    append(ids, chat.next());
  }
  add_user(conversation.last);
  return ids;
}

}  // namespace

std::vector<Token> tokens_of(const Prompt& prompt, const Tokenizer& tokenizer, const ChatTemplate& chat) {
  if (const auto* tokens = std::get_if<std::vector<Token>>(&prompt)) return *tokens;
  return tokens_of(std::get<Conversation>(prompt), tokenizer, chat);
}

ReadingKey& ReadingKey::add(char kind, std::string_view text) {
  const std::uint64_t size = text.size();
  std::array<char, sizeof size> bytes{};
  std::memcpy(bytes.data(), &size, sizeof size);
  key_.append(1, kind).append(bytes.data(), bytes.size()).append(text);
  return *this;
}

ReadingKey& ReadingKey::tokens(std::span<const Token> tokens) {
  if (!std::exchange(raw_, true)) key_.push_back('r');
  for (const Token token : tokens) {
    std::array<char, sizeof token> bytes{};
    std::memcpy(bytes.data(), &token, sizeof token);
    key_.append(bytes.data(), bytes.size());
  }
  return *this;
}

ReadingKey key_of(std::string_view owner, const Prompt& prompt) {
  ReadingKey key(owner);
  if (const auto* tokens = std::get_if<std::vector<Token>>(&prompt)) return key.tokens(*tokens);
  const auto& conversation = std::get<Conversation>(prompt);
  for (const DocumentUse& document : conversation.documents) key.document(document);
  key.system(conversation.system);
  for (const Turn& turn : conversation.before) {
    if (!turn.user.text.empty()) key.text(turn.user.text);
    key.turn(turn.user.question, turn.answer);
  }
  if (!conversation.last.text.empty()) key.text(conversation.last.text);
  return key;
}

}  // namespace focusllm::server
