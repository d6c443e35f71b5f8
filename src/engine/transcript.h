#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text_places.h"
#include "focusllm/chat_template.h"
#include "focusllm/tokenizer.h"
#include "memory/saver.h"

namespace focusllm {

/// A conversation as the tokens that the model sees: the chat template's own, and those of texts, questions
/// and answers. Text comes in pieces of any size; of its end, which later text may still change, no tokens
/// are made yet. A copy goes on by itself.
class Transcript {
 public:
  /// chat: null where texts go to the model as they are. `system` is empty for the template's own default.
  /// special: names of control tokens in a text become these tokens; as_written: nothing is put between a
  /// text and a question (Session::Options).
  Transcript(const Tokenizer& tokenizer, std::shared_ptr<const ChatTemplate> chat, std::string system,
             bool special, bool as_written = false)
      : tokenizer_(&tokenizer),
        chat_(std::move(chat)),
        system_(std::move(system)),
        special_(special),
        as_written_(as_written) {}

  /// Bytes that take() may be handed at once: between two calls is the time to look at other things.
  static constexpr std::size_t kMostBytes = std::size_t{1} << 16;
  /// Text begins or goes on: behind an answer, in a turn of its own.
  void begin_text();
  /// Takes a piece of text; says whether there are new tokens.
  bool take(std::string_view text);
  /// Takes tokens in place of text.
  void take(std::span<const Token> ids);
  /// What take() brings from now on is a text of this name, from a byte and a line of it on; its tokens are
  /// its own but for a raw transcript, whose texts follow each other as they are.
  void name_text(std::string name, std::int64_t byte = 0, std::int64_t line = 1);
  /// The text ends here; a question comes behind it, unless it is empty. Of a text as it is written, what its
  /// next words may change goes with the question.
  void end_text();
  /// The question, behind a text with `lead` in front of it, and what stands in front of the answer. Throws
  /// Error where there is nothing at all.
  void ask(std::string_view question, std::string_view lead = {});
  /// The last question's own words, as tokens: without lead and template.
  struct Words {
    std::int64_t first = 0, count = 0;
  };
  Words question() const { return question_; }
  /// A question that says nothing, as it stands behind a text, with all that the template puts round it.
  std::vector<Token> plain_question(std::string_view lead) const;
  /// The text of another one, which ended, stands in front of this one's; nothing was asked of either. Gives
  /// its tokens.
  std::int64_t put_before(const Transcript& other);
  /// All of it, text without tokens included; not its last question.
  void save(memory::Saver& saver) const;
  void load(memory::Loader& loader);
  /// A token of the answer.
  void answer(Token token) { tokens_.push_back(token); }
  /// An answer that was given elsewhere.
  void answer(std::string_view text) { append(tokenizer_->encode_continued(text)); }

  /// Where the first text begins that does not begin before `token`; size() where none does.
  std::int64_t next_text(std::int64_t token) const { return places_.next_run(token, size()); }
  /// Where the first answer ends that does not end before `token`; size() where none does, or it may go on.
  std::int64_t next_answer_end(std::int64_t token) const;
  const TextPlaces& places() const { return places_; }
  bool chat() const { return chat_ != nullptr; }
  const std::vector<Token>& tokens() const { return tokens_; }
  std::int64_t size() const { return std::ssize(tokens_); }
  /// The text of some tokens, cut at the ends of what is there.
  std::string text(std::int64_t first, std::int64_t count) const;

 private:
  void open();
  void mark_text();
  /// Says whether there was an answer since the last call.
  bool end_answer();
  void end_run();
  void append(const std::vector<Token>& more) { tokens_.insert(tokens_.end(), more.begin(), more.end()); }
  void encode(std::string_view text);
  void encode_pending();
  std::int64_t behind(std::int64_t first, std::size_t bytes) const;

  const Tokenizer* tokenizer_;
  std::shared_ptr<const ChatTemplate> chat_;
  std::string system_;
  bool special_, as_written_;
  std::vector<Token> tokens_;
  std::string pending_;                    ///< text whose tokens may still change
  std::size_t uncut_ = 0;                  ///< bytes of it that are known to have no place to cut at
  bool opened_ = false;                    ///< the template's opening is there
  bool in_words_ = false;                  ///< pending text goes on with words of which a part is encoded
  bool asked_ = false;                     ///< an answer was given: the next words open a new turn
  bool has_text_ = false;                  ///< since the last answer
  std::vector<std::int64_t> answer_ends_;  ///< tokens, ascending
  TextPlaces places_;
  bool in_text_ = false;
  bool first_words_ = false;       ///< of a run of text: none of it is encoded yet
  std::optional<TextPlace> name_;  ///< of the text that is to begin
  Words question_;
};

}  // namespace focusllm
