#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace focusllm::server {

/// A message of a request, its text in the parts that it came in.
struct Message {
  enum class Role { system, user, assistant };
  Role role = Role::user;
  std::vector<std::string> parts;
};

/// A user's message, as text that is read and the question about it: one behind the other they are the
/// message, byte for byte.
struct UserMessage {
  std::string text, question;
};

/// What a user says, and the answer to it.
struct Turn {
  UserMessage user;
  std::string answer;
};

/// A text of the store that is asked about (Documents).
struct DocumentUse {
  std::string name;     ///< as the store has it
  std::string shown;    ///< as its owner calls it
  std::int64_t id = 0;  ///< StoredText::id: of what stands there under the name now
  std::int64_t tokens = 0;
};

struct Conversation {
  std::string system;
  std::vector<Turn> before;                 ///< turns that are over
  UserMessage last;                         ///< what is to be answered
  std::vector<DocumentUse> documents = {};  ///< in front of all turns
};

/// The longest question that is looked for at the end of a message, in bytes.
inline constexpr std::size_t kMostQuestion = 2000;

/// The rule of docs/server.md: of several parts the last is the question; of one part, what stands behind the
/// last blank line that is at most kMostQuestion bytes from its end; where there is none, behind the last
/// line end, sentence or word there. A message of at most kMostQuestion bytes without a blank line is a
/// question.
UserMessage split_message(const std::vector<std::string>& parts);

/// Throws ApiError (400) for an order of roles that chat templates have no form for.
Conversation conversation_of(const std::vector<Message>& messages);

}  // namespace focusllm::server
