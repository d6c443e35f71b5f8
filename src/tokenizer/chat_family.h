#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace focusllm {

/// The fixed texts of one family of chat formats. {bos} and {eos} stand for the model's own tokens, {bos} for
/// nothing in a model whose files are read without it.
struct ChatFamily {
  std::string name;  ///< llama.cpp's
  std::string system_open, system_close;
  std::string user_open, user_close;
  std::string assistant_open, assistant_close;
  /// The system message stands within the first user turn, at its beginning, instead of before it.
  bool system_in_user = false;
  /// What a file's template says that these texts may not, a sentence each.
  std::vector<std::string> guessed = {};
};

const std::vector<ChatFamily>& chat_families();

/// The family that a Jinja template is of, with the spaces that the template has; null name if it is none of
/// them.
ChatFamily recognise_chat_family(std::string_view chat_template);

/// The system message that a template of the chatml family puts in when there is none; empty if it has none.
std::string default_system_message(std::string_view chat_template);

}  // namespace focusllm
