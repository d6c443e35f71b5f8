#include "tokenizer/chat_family.h"

#include <algorithm>

namespace focusllm {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view family_name(std::string_view text) {
  if (contains(text, "<|im_start|>")) return contains(text, "<|im_sep|>") ? "" : "chatml";
  if (contains(text, "<|start_header_id|>") && contains(text, "<|eot_id|>")) return "llama3";
  if (contains(text, "<start_of_turn>")) return "gemma";
  if (contains(text, "[INST]")) {
    if (contains(text, "<<SYS>>")) return "llama2";
    return contains(text, "[SYSTEM_PROMPT]") ? "" : "mistral";
  }
  if (!contains(text, "<|user|>") || contains(text, "[gMASK]")) return "";
  if (contains(text, "<|end|>")) return "phi3";
  return contains(text, "<|assistant|>") && contains(text, "eos_token") ? "zephyr" : "";
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

/// Mistral's newer models have no spaces around the words.
void tighten(ChatFamily& family) {
  family.user_open.pop_back();
  family.user_close.erase(0, 1);
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
      {"mistral", "", "\n\n", "[INST] ", " [/INST]", "", "{eos}", true},
      {"zephyr", "<|system|>\n", "{eos}\n", "<|user|>\n", "{eos}\n", "<|assistant|>\n", "{eos}\n"},
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
  if (name == "mistral" && !contains(chat_template, "[INST] ")) tighten(family);
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
