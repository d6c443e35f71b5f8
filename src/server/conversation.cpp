#include "server/conversation.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "server/api_error.h"

namespace focusllm::server {
namespace {

constexpr std::string_view kBlankLine = "\n\n";
constexpr std::string_view kSpaces = " \t\r\n";

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) text.append(text.empty() ? "" : between).append(part);
  return text;
}

/// Where a character begins at `at` or behind it.
std::size_t character_at(std::string_view text, std::size_t at) {
  while (at < text.size() && !begins_character(text[at])) ++at;
  return at;
}

/// Where the question begins: behind the last `mark` that has words behind it and begins at `least` or later.
std::size_t behind_last(std::string_view text, std::string_view mark, std::size_t least) {
  const std::size_t words = text.find_last_not_of(kSpaces);
  if (words == std::string_view::npos || words < mark.size()) return std::string_view::npos;
  const std::size_t at = text.rfind(mark, words - mark.size());
  if (at == std::string_view::npos || at + mark.size() < least) return std::string_view::npos;
  return at + mark.size();
}

/// The byte at which the question begins.
std::size_t question_begin(std::string_view text) {
  const std::size_t least = text.size() > kMostQuestion ? text.size() - kMostQuestion : 0;
  const std::size_t paragraph = behind_last(text, kBlankLine, least);
  if (paragraph != std::string_view::npos) return paragraph;
  if (least == 0) return 0;
  constexpr std::array<std::string_view, 5> kMarks = {"\n", ". ", "? ", "! ", " "};
  for (const std::string_view mark : kMarks) {
    const std::size_t begin = behind_last(text, mark, least);
    if (begin != std::string_view::npos) return begin;
  }
  return character_at(text, least);
}

class Builder {
 public:
  void add(const Message& message) {
    switch (message.role) {
      case Message::Role::system:
        return system(message);
      case Message::Role::user:
        parts_.insert(parts_.end(), message.parts.begin(), message.parts.end());
        has_user_ = true;
        return;
      case Message::Role::assistant:
        return assistant(message);
    }
  }

  Conversation done() {
    if (!has_user_)
      throw bad_request("the last message must be the user's: answers are not begun by the client",
                        "messages");
    conversation_.last = take_user();
    return std::move(conversation_);
  }

 private:
  void system(const Message& message) {
    if (has_user_ || !conversation_.before.empty())
      throw not_supported("a system message must come before all others", "messages");
    std::string& system = conversation_.system;
    system.append(system.empty() ? "" : kBlankLine).append(joined(message.parts, "\n"));
  }
  void assistant(const Message& message) {
    if (!has_user_) throw not_supported("an assistant's message must follow one of the user's", "messages");
    conversation_.before.push_back({take_user(), joined(message.parts, "")});
  }
  /// Messages of the user that follow each other are one, whose last part is the question.
  UserMessage take_user() {
    has_user_ = false;
    return split_message(std::exchange(parts_, {}));
  }

  Conversation conversation_;
  std::vector<std::string> parts_;
  bool has_user_ = false;
};

}  // namespace

UserMessage split_message(const std::vector<std::string>& parts) {
  if (parts.size() > 1) {
    const std::vector<std::string> text(parts.begin(), parts.end() - 1);
    return {joined(text, kBlankLine).append(kBlankLine), parts.back()};
  }
  if (parts.empty()) return {};
  const std::string& whole = parts.front();
  const std::size_t begin = question_begin(whole);
  return {whole.substr(0, begin), whole.substr(begin)};
}

Conversation conversation_of(const std::vector<Message>& messages) {
  if (messages.empty()) throw bad_request("'messages' must have at least one message", "messages");
  Builder builder;
  for (const Message& message : messages) builder.add(message);
  return builder.done();
}

}  // namespace focusllm::server
