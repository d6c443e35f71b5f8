#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/tokenizer.h"
#include "memory/saver.h"

namespace focusllm {

/// Whole characters of a text's bytes, from the first one on that is no white space.
struct Quote {
  std::size_t skipped = 0;  ///< bytes of the text's first character, where that begins in front of it
  std::string text;
};
/// most: that may be taken of the bytes from the first one that is no white space.
Quote quote_of(std::string_view bytes, std::size_t most);

/// Where in a text a token stands.
struct TextPlace {
  std::string name;       ///< of the text; empty where it has none
  std::int64_t byte = 0;  ///< of the text
  std::int64_t line = 0;  ///< from 1; 0: the token is of no text
  // Of a place that was looked for:
  std::int64_t left = 0;  ///< bytes from there to the next text
  std::int64_t end = 0;   ///< the token behind the last one of text
};

/// Which tokens of a conversation are text, how its texts are called, and where in them a token stands. Text
/// without a break in its tokens is a run; a run may have several texts. Bytes and lines are counted when
/// somebody asks: nothing is kept for each token.
class TextPlaces {
 public:
  void begin_run(std::int64_t token) { runs_.push_back({.first = token, .end = token, .texts = {}}); }
  /// Bytes that the last run's tokens have in front of the text's own: the space that some vocabularies want
  /// before a first word; negative for what of the text has no token.
  void set_extra_bytes(std::int64_t bytes) { runs_.back().extra = bytes; }
  /// Behind so many bytes of the last run's tokens stands the place of a text where it begins, or goes on.
  void begin_text(std::int64_t byte, TextPlace begin) {
    runs_.back().texts.push_back({byte == 0 ? 0 : byte - runs_.back().extra, std::move(begin)});
  }
  void end_run(std::int64_t token) { runs_.back().end = token; }

  /// The first token of the last run.
  std::int64_t last_run() const { return runs_.back().first; }
  /// Where the first run begins that does not begin before `token`; `none` where there is no such run.
  std::int64_t next_run(std::int64_t token, std::int64_t none) const;
  /// The name of the text with which a run begins that begins with `token`; empty where it has none.
  std::string name_at(std::int64_t token) const;
  /// For each of some tokens, in any order, the place of its first character that is no white space, be it
  /// one of a token behind it. tokens: the conversation's.
  std::vector<TextPlace> find(std::span<const std::int64_t> wanted, std::span<const Token> tokens,
                              const Tokenizer& tokenizer) const;
  /// The runs of another conversation, `count` tokens from its token `first` on, stand in front of this one's
  /// from `place` on.
  void put_before(const TextPlaces& other, std::int64_t first, std::int64_t count, std::int64_t place);
  void save(memory::Saver& saver) const;
  void load(memory::Loader& loader);

 private:
  struct Text {
    std::int64_t byte;  ///< of its run
    TextPlace begin;
  };
  struct Run {
    std::int64_t first = 0, end = 0;
    std::int64_t extra = 0;
    std::vector<Text> texts;
    TextPlace place(std::string_view bytes, std::size_t at) const;
  };

  std::vector<Run> runs_;  ///< ascending
};

}  // namespace focusllm
