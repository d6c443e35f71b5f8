#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/error.h"
#include "focusllm/tokenizer.h"

namespace focusllm {

/// A file has no chat template, or one of no family that is known here.
class UnknownChatTemplate : public Error {
 public:
  using Error::Error;
};

/// One family of chat formats. Gives the ids around a user's words; the words themselves are encoded as plain
/// text, so that nothing in a document or a question becomes a control token.
class ChatTemplate {
 public:
  /// The family of the file's own template, recognised by its control words, with the template's own spaces.
  /// Throws UnknownChatTemplate when there is none or it is another one.
  static std::unique_ptr<const ChatTemplate> recognise(const Tokenizer& tokenizer);
  /// By one of names(); throws UsageError listing them.
  static std::unique_ptr<const ChatTemplate> named(std::string_view family, const Tokenizer& tokenizer);
  /// named(), or with an empty name recognise().
  static std::unique_ptr<const ChatTemplate> of(std::string_view family, const Tokenizer& tokenizer);
  /// The families' names, as llama.cpp calls them.
  static std::vector<std::string> names();
  virtual ~ChatTemplate() = default;

  virtual std::string_view name() const = 0;
  /// Where the file's own template may give another text than this, a sentence each.
  virtual const std::vector<std::string>& guessed() const = 0;
  /// What stands before the first user turn's words, BOS (if the model's metadata adds it) and a system
  /// message (the template's own default if it has one and `system` is empty) included.
  virtual std::vector<Token> open(std::string_view system) const = 0;
  /// A user's words, or the first piece of them (what follows goes through Tokenizer::encode_continued):
  /// ordinary text, with a space in front where the family has one there. `before`: the conversation up to
  /// them; behind the opening of a turn there may be a space, behind a system message there is none.
  virtual std::vector<Token> words(std::string_view text, std::span<const Token> before) const = 0;
  /// What stands between a user's words and the answer.
  virtual std::vector<Token> answer() const = 0;
  /// What stands between an answer and the next user turn's words (the answer's own end token included).
  virtual std::vector<Token> next() const = 0;
};

}  // namespace focusllm
