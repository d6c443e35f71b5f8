#include "focusllm/chat_template.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "tokenizer/chat_family.h"

namespace focusllm {
namespace {

class FamilyTemplate final : public ChatTemplate {
 public:
  FamilyTemplate(ChatFamily family, const Tokenizer& tokenizer)
      : tokenizer_(tokenizer), family_(std::move(family)) {
    const std::string& source = tokenizer.chat_template();
    if (family_.name == "chatml") default_system_ = default_system_message(source);
    for (std::string* text : {&family_.system_close, &family_.user_close, &family_.assistant_close})
      fill_in(*text);
    // SentencePiece itself puts a space before a text that follows a control token.
    if (tokenizer.adds_space_prefix() && family_.user_open.starts_with(' ')) family_.user_open.erase(0, 1);
    space_before_words_ = take_space(family_.user_open);
    space_before_system_ = take_space(family_.system_open);
    turn_end_ = tokenizer.encode_continued(family_.user_open, true).back();
  }

  std::string_view name() const override { return family_.name; }
  const std::vector<std::string>& guessed() const override { return family_.guessed; }

  std::vector<Token> open(std::string_view system) const override {
    if (system.empty()) system = default_system_;
    std::vector<Token> ids;
    if (tokenizer_.adds_bos()) ids.push_back(*tokenizer_.bos());
    if (system.empty()) return fixed(family_.user_open, std::move(ids));
    if (!family_.system_in_user) {
      ids = fixed(family_.system_open, std::move(ids));
      append(ids, with_space(system, space_before_system_));
      return fixed(family_.system_close + family_.user_open, std::move(ids));
    }
    ids = fixed(family_.user_open, std::move(ids));
    const std::string message = family_.system_open + std::string(system) + family_.system_close;
    append(ids, with_space(message, space_before_words_));
    return ids;
  }

  std::vector<Token> words(std::string_view text, std::span<const Token> before) const override {
    return with_space(text, space_before_words_ && !before.empty() && before.back() == turn_end_);
  }
  std::vector<Token> answer() const override {
    return fixed(family_.user_close + family_.assistant_open, {}, true);
  }
  std::vector<Token> next() const override {
    return fixed(family_.assistant_close + family_.user_open, {}, true);
  }

 private:
  /// A space at the end belongs to the token of the word that follows it: taken off, and true.
  static bool take_space(std::string& text) {
    const bool has = text.ends_with(' ');
    if (has) text.pop_back();
    return has;
  }
  std::vector<Token> with_space(std::string_view text, bool space) const {
    if (!space) return tokenizer_.encode_continued(text);
    return tokenizer_.encode_continued(' ' + std::string(text));
  }

  static void append(std::vector<Token>& ids, const std::vector<Token>& more) {
    ids.insert(ids.end(), more.begin(), more.end());
  }

  /// `ids` and those of a text of ours, in which names of control tokens are those tokens.
  std::vector<Token> fixed(std::string_view text, std::vector<Token> ids, bool continued = false) const {
    const bool first = ids.empty() || (ids.size() == 1 && ids[0] == tokenizer_.bos());
    append(ids,
           first && !continued ? tokenizer_.encode(text, true) : tokenizer_.encode_continued(text, true));
    return ids;
  }

  void fill_in(std::string& text) const {
    replace(text, "{eos}", tokenizer_.eos());
    replace(text, "{bos}", tokenizer_.adds_bos() ? tokenizer_.bos() : std::nullopt);
  }
  void replace(std::string& text, std::string_view name, std::optional<Token> token) const {
    const std::size_t at = text.find(name);
    if (at != std::string::npos) text.replace(at, name.size(), token ? tokenizer_.piece(*token, true) : "");
  }

  const Tokenizer& tokenizer_;
  ChatFamily family_;
  std::string default_system_;
  bool space_before_words_ = false, space_before_system_ = false;
  Token turn_end_ = 0;  ///< the last one of what opens a user turn
};

}  // namespace

std::unique_ptr<const ChatTemplate> ChatTemplate::recognise(const Tokenizer& tokenizer) {
  if (tokenizer.chat_template().empty())
    throw UnknownChatTemplate("the model's file has no tokenizer.chat_template");
  ChatFamily family = recognise_chat_family(tokenizer.chat_template());
  if (family.name.empty())
    throw UnknownChatTemplate("the model's tokenizer.chat_template is of no family that is known here");
  return std::make_unique<FamilyTemplate>(std::move(family), tokenizer);
}

std::unique_ptr<const ChatTemplate> ChatTemplate::named(std::string_view name, const Tokenizer& tokenizer) {
  for (const ChatFamily& family : chat_families()) {
    if (family.name == name) return std::make_unique<FamilyTemplate>(family, tokenizer);
  }
  throw UsageError(fmt::format("unknown chat template '{}'; known are: {}", name, fmt::join(names(), ", ")));
}

std::unique_ptr<const ChatTemplate> ChatTemplate::of(std::string_view name, const Tokenizer& tokenizer) {
  return name.empty() ? recognise(tokenizer) : named(name, tokenizer);
}

std::vector<std::string> ChatTemplate::names() {
  std::vector<std::string> all;
  for (const ChatFamily& family : chat_families()) all.push_back(family.name);
  return all;
}

}  // namespace focusllm
