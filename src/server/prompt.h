#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "focusllm/session.h"
#include "server/conversation.h"

namespace focusllm::server {

/// What a request wants to have answered or continued: a conversation, or tokens as they are.
using Prompt = std::variant<Conversation, std::vector<Token>>;

/// The tokens of a prompt, the chat template's own included: those that a session of it makes.
std::vector<Token> tokens_of(const Prompt& prompt, const Tokenizer& tokenizer, const ChatTemplate& chat);

/// What a session has read, as a string for the session pool: the beginning of a request's string is what one
/// reads that begins with the same messages. `owner`: who may go on from there.
class ReadingKey {
 public:
  explicit ReadingKey(std::string_view owner) { add('k', owner); }
  ReadingKey& document(const DocumentUse& document) {
    return add('d', document.name + '#' + std::to_string(document.id));
  }
  ReadingKey& system(std::string_view text) { return add('s', text); }
  ReadingKey& text(std::string_view text) { return add('t', text); }
  ReadingKey& turn(std::string_view question, std::string_view answer) {
    return add('q', question).add('a', answer);
  }
  /// Behind nothing but the owner and other tokens.
  ReadingKey& tokens(std::span<const Token> tokens);
  const std::string& string() const { return key_; }

 private:
  ReadingKey& add(char kind, std::string_view text);

  std::string key_;
  bool raw_ = false;
};

/// Of a whole prompt, up to its last question.
ReadingKey key_of(std::string_view owner, const Prompt& prompt);

}  // namespace focusllm::server
