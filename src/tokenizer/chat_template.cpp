#include "tokenizer/chat_template.h"

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
    // SentencePiece itself puts the space before the words.
    space_before_words_ = tokenizer.adds_space_prefix() && family_.user_open.ends_with(' ');
    if (space_before_words_) family_.user_open.pop_back();
  }

  std::string_view name() const override { return family_.name; }

  std::vector<Token> open(std::string_view system) const override {
    if (system.empty()) system = default_system_;
    std::vector<Token> ids;
    if (tokenizer_.adds_bos()) ids.push_back(*tokenizer_.bos());
    if (system.empty()) return fixed(family_.user_open, std::move(ids));
    if (family_.system_in_user) {
      const std::string gap = space_before_words_ ? " " : "";
      ids = fixed(family_.user_open + gap + family_.system_open, std::move(ids));
    } else {
      ids = fixed(family_.system_open, std::move(ids));
    }
    append(ids, tokenizer_.encode_continued(system));
    return fixed(family_.system_close + (family_.system_in_user ? "" : family_.user_open), std::move(ids));
  }

  std::vector<Token> words(std::string_view text) const override {
    return space_before_words_ ? tokenizer_.encode(text) : tokenizer_.encode_continued(text);
  }
  std::vector<Token> answer() const override {
    return fixed(family_.user_close + family_.assistant_open, {}, true);
  }
  std::vector<Token> next() const override {
    return fixed(family_.assistant_close + family_.user_open, {}, true);
  }

 private:
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
  bool space_before_words_ = false;
};

std::string names() {
  std::string all;
  for (const ChatFamily& family : chat_families()) all += (all.empty() ? "" : ", ") + family.name;
  return all;
}

}  // namespace

std::unique_ptr<const ChatTemplate> ChatTemplate::recognise(const Tokenizer& tokenizer) {
  if (tokenizer.chat_template().empty()) {
    fail(
        "the model file has no tokenizer.chat_template; use --raw to give the text without one, or name a "
        "family: {}",
        names());
  }
  ChatFamily family = recognise_chat_family(tokenizer.chat_template());
  if (family.name.empty()) {
    fail(
        "the model's tokenizer.chat_template is of no supported family ({}); use --raw to give the text "
        "without one",
        names());
  }
  return std::make_unique<FamilyTemplate>(std::move(family), tokenizer);
}

std::unique_ptr<const ChatTemplate> ChatTemplate::named(std::string_view name, const Tokenizer& tokenizer) {
  for (const ChatFamily& family : chat_families()) {
    if (family.name == name) return std::make_unique<FamilyTemplate>(family, tokenizer);
  }
  throw UsageError(fmt::format("unknown chat template '{}'; known are: {}", name, names()));
}

}  // namespace focusllm
