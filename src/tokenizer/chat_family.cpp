#include "tokenizer/chat_family.h"

#include <algorithm>
#include <array>

namespace focusllm {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <std::size_t count>
bool contains_any(std::string_view text, const std::array<std::string_view, count>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return contains(text, part); });
}

/// The character right behind the word where it stands first, 0 if there is none.
char behind(std::string_view text, std::string_view word) {
  const std::size_t at = text.find(word);
  return at != std::string_view::npos && at + word.size() < text.size() ? text[at + word.size()] : '\0';
}

/// Whether a string of the template, or its plain text, has a space right before the word.
bool space_before(std::string_view text, std::string_view word) {
  const std::size_t at = text.find(word);
  return at != std::string_view::npos && at > 0 && text[at - 1] == ' ';
}

/// The template's form of the [INST] families is told by what they put around it, as in llama.cpp.
std::string_view instruction_family(std::string_view text) {
  const bool space = behind(text, "[INST]") == ' ';
  if (contains(text, "[SYSTEM_PROMPT]")) return space ? "mistral-v7" : "mistral-v7-tekken";
  if (contains(text, "<<SYS>>")) return "llama2";
  if (space_before(text, "[/INST]")) return "mistral-v1";
  return space ? "mistral-v3" : "mistral-v3-tekken";
}

/// Falcon 3 and Tulu 3 end only answers with EOS, Zephyr and its like every turn.
std::string_view role_word_family(std::string_view text) {
  const std::string_view user = text.substr(text.find("<|user|>"));
  return contains(user.substr(0, user.find("{%")), "eos_token") ? "zephyr" : "falcon3";
}

std::string_view family_name(std::string_view text) {
  if (contains(text, "<|im_start|>")) {
    constexpr std::array<std::string_view, 2> kOthers = {"<|im_sep|>",
                                                         "<end_of_utterance>"};  // Phi-4, SmolVLM
    return contains(text, "<|im_end|>") && !contains_any(text, kOthers) ? "chatml" : "";
  }
  if (contains(text, "<|start_header_id|>") && contains(text, "<|eot_id|>")) return "llama3";
  if (contains(text, "<start_of_turn>")) return "gemma";
  if (contains(text, "[INST]") && contains(text, "[/INST]")) return instruction_family(text);
  if (!contains(text, "<|assistant|>") || contains(text, "[gMASK]")) return "";
  if (contains(text, "<|end|>")) return "phi3";
  return contains(text, "<|user|>") && contains(text, "eos_token") ? role_word_family(text) : "";
}

/// Text of a string literal: templates in files have line ends as they are or as \n.
std::string unescape(std::string_view literal) {
  std::string text;
  for (std::size_t at = literal.find("\\n"); at != std::string_view::npos; at = literal.find("\\n")) {
    text.append(literal.substr(0, at)).push_back('\n');
    literal.remove_prefix(at + 2);
  }
  return text.append(literal);
}

/// The template without what stands between two texts that it writes one behind the other.
std::string joined(std::string_view chat_template) {
  std::string text = unescape(chat_template);
  std::erase_if(text, [](char c) { return std::string_view("'\"+-{} ").find(c) != std::string_view::npos; });
  return text;
}

/// What stands around [INST], and what follows an answer.
void take_spaces(std::string_view text, ChatFamily& family) {
  constexpr std::array<std::string_view, 2> kTurn = {"' [INST]", "\" [INST]"};
  constexpr std::array<std::string_view, 2> kBos = {"bos_token + '[INST]", "bos_token + \"[INST]"};
  constexpr std::array<std::string_view, 2> kSpace = {"' ' + eos_token", "\" \" + eos_token"};
  const auto space = [](bool has) { return std::string(has ? " " : ""); };
  family.user_open = space(contains_any(text, kTurn)) + "[INST]" + space(behind(text, "[INST]") == ' ');
  family.user_close = space(space_before(text, "[/INST]")) + "[/INST]";
  family.assistant_close =
      space(contains_any(text, kSpace)) + "{eos}" + (contains_any(text, kBos) ? "{bos}" : "");
  if (!family.system_in_user)
    family.system_open = "[SYSTEM_PROMPT]" + space(behind(text, "[SYSTEM_PROMPT]") == ' ');
}

void drop_line_ends(ChatFamily& family) {
  for (std::string* text : {&family.system_open, &family.system_close, &family.user_open, &family.user_close,
                            &family.assistant_open, &family.assistant_close})
    std::erase(*text, '\n');
}

/// What is written into every prompt is looked for in the template; and a message with the date in it, say,
/// only the template itself could write.
void note_guesses(std::string_view chat_template, const std::string& text, ChatFamily& family) {
  constexpr std::array<std::string_view, 3> kOwnMessage = {"default_system_message", "Cutting Knowledge Date",
                                                           "strftime_now"};
  if (!contains(text, family.assistant_open))
    family.guessed.push_back("tokenizer.chat_template is taken for " + family.name +
                             " by its control words, but has not what that puts before an answer");
  if (contains_any(chat_template, kOwnMessage) && default_system_message(chat_template).empty())
    family.guessed.emplace_back(
        "tokenizer.chat_template puts in a system message of its own that is not known here and left out");
}

}  // namespace

const std::vector<ChatFamily>& chat_families() {
  static const std::vector<ChatFamily> families = {
      {"chatml", "<|im_start|>system\n", "<|im_end|>\n", "<|im_start|>user\n", "<|im_end|>\n",
       "<|im_start|>assistant\n", "<|im_end|>\n"},
      {"llama2", "<<SYS>>\n", "\n<</SYS>>\n\n", "[INST] ", " [/INST]", "", " {eos}{bos}", true},
      {"llama3", "<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>",
       "<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>",
       "<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"},
      {"gemma", "", "\n\n", "<start_of_turn>user\n", "<end_of_turn>\n", "<start_of_turn>model\n",
       "<end_of_turn>\n", true},
      // Mistral's own put the system message into the last user turn; here it stays in the first.
      {"mistral-v1", "", "\n\n", " [INST] ", " [/INST]", "", "{eos}", true},
      {"mistral-v3", "", "\n\n", "[INST] ", "[/INST]", "", "{eos}", true},
      {"mistral-v3-tekken", "", "\n\n", "[INST]", "[/INST]", "", "{eos}", true},
      {"mistral-v7", "[SYSTEM_PROMPT] ", "[/SYSTEM_PROMPT]", "[INST] ", "[/INST]", "", "{eos}"},
      {"mistral-v7-tekken", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[INST]", "[/INST]", "", "{eos}"},
      {"zephyr", "<|system|>\n", "{eos}\n", "<|user|>\n", "{eos}\n", "<|assistant|>\n", "{eos}\n"},
      {"falcon3", "<|system|>\n", "\n", "<|user|>\n", "\n", "<|assistant|>\n", "{eos}\n"},
      {"phi3", "<|system|>\n", "<|end|>\n", "<|user|>\n", "<|end|>\n", "<|assistant|>\n", "<|end|>\n"},
  };
  return families;
}

ChatFamily recognise_chat_family(std::string_view chat_template) {
  const std::string_view name = family_name(chat_template);
  const auto& families = chat_families();
  const auto found =
      std::find_if(families.begin(), families.end(), [&](const ChatFamily& f) { return f.name == name; });
  if (found == families.end()) return {};
  ChatFamily family = *found;
  const std::string text = joined(chat_template);
  if (contains(family.user_open, "[INST]")) take_spaces(chat_template, family);
  if (name == "phi3" && !contains(text, family.assistant_open)) drop_line_ends(family);
  note_guesses(chat_template, text, family);
  return family;
}

std::string default_system_message(std::string_view chat_template) {
  // The literal that follows the opening of a system turn, where it is one: '<|im_start|>system\nYou are
  // ...<|im_end|>'.
  for (const std::string_view open : {"<|im_start|>system\n", "<|im_start|>system\\n"}) {
    for (std::size_t at = chat_template.find(open); at != std::string_view::npos;
         at = chat_template.find(open, at + 1)) {
      const std::string_view rest = chat_template.substr(at + open.size());
      const std::string_view literal = rest.substr(0, rest.find("<|im_end|>"));
      if (literal.size() == rest.size() || literal.empty()) continue;
      if (literal.find_first_of("'\"{}") == std::string_view::npos) return unescape(literal);
    }
  }
  return "";
}

}  // namespace focusllm
