#pragma once

#include <string>

#include "data/draw.h"

namespace focusllm::data {

/// Writes questions and answers behind the text of a local window, in one style: as a conversation through
/// the model's chat template, or as plain text. One object is one local window.
class QuestionWriter {
 public:
  /// `chat` needs a template.
  QuestionWriter(const Draw& draw, bool chat);

  /// What the window begins with, and `text` as the end of what was read.
  void begin(const std::vector<Token>& text);
  /// A question and its answer, all of whose tokens are labels, with the one that ends it. `told`: the text
  /// tells it; else the answer is that it does not.
  void ask(Asked asked, bool told);

  Rows rows;
  std::vector<Asked> asked;

 private:
  void ask_in_chat(const Fact& fact, bool told);
  void ask_in_text(const Fact& fact, bool told);
  void complete(const Fact& fact);
  std::string answer(const Fact& fact, bool told) const;
  void add_answer(const std::string& text, const std::vector<Token>& end);
  std::vector<Token> encode(const std::string& text) const;

  const Draw& draw_;
  const ChatTemplate* chat_;
  std::vector<Token> pending_;  ///< what stands between the last answer and what comes next
};

}  // namespace focusllm::data
