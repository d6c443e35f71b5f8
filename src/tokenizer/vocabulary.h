#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/gguf.h"
#include "focusllm/types.h"

namespace focusllm {

/// Texts to token ids. Refers to the texts that it was made of.
class TextIndex {
 public:
  /// Empty texts are left out. Throws Error if two are equal.
  explicit TextIndex(std::span<const std::string> texts = {});
  /// -1 if there is none.
  Token find(std::string_view text) const;

 private:
  struct Slot {
    std::uint32_t hash = 0;
    Token token = -1;
  };
  bool is_at(std::size_t slot, std::uint32_t hash, std::string_view text) const {
    return slots_[slot].hash == hash && texts_[static_cast<std::size_t>(slots_[slot].token)] == text;
  }

  std::span<const std::string> texts_;
  std::vector<Slot> slots_;
};

/// What tokenizer.ggml.* says, checked and with llama.cpp's corrections applied. Const once made; it does not
/// move.
struct Vocabulary {
  /// Several may be set: llama.cpp makes control tokens of whatever ends a turn, user-defined ones too.
  enum Kind : std::uint8_t { normal = 1, unknown = 2, control = 4, user_defined = 8, unused = 16, byte = 32 };

  std::string model;  ///< gpt2 or llama
  std::string pre;    ///< the pre-tokenizer, "default" if the file names none
  std::vector<std::string> texts;
  std::vector<std::uint8_t> kinds;  ///< Kind bits of each token
  std::vector<float> scores;        ///< of each token; empty if the file has none
  std::vector<std::string> merges;  ///< "left right", best first
  TextIndex index;
  std::optional<Token> bos, eos, unknown_token;
  std::vector<bool> ends;  ///< for each token whether generation stops at it
  std::optional<bool> add_bos, add_space_prefix;
  std::string chat_template;
  std::vector<std::string> guessed;  ///< what the file leaves out and what was taken, a sentence each

  std::int64_t size() const { return static_cast<std::int64_t>(texts.size()); }
  bool is(Token token, std::uint8_t kind_bits) const {
    return (kinds[static_cast<std::size_t>(token)] & kind_bits) != 0;
  }
  /// The token of this text that ordinary text may become: none of the control or unknown kind. -1 if there
  /// is none.
  Token find_plain(std::string_view text) const {
    const Token token = index.find(text);
    return token >= 0 && is(token, control | unknown) ? -1 : token;
  }

  Vocabulary() = default;
  Vocabulary(const Vocabulary&) = delete;
  Vocabulary& operator=(const Vocabulary&) = delete;

  /// Sets `index`, `ends` and the kinds that follow from names, after everything else is there. Throws Error
  /// for two tokens of one text, scores that are no numbers, and ids or lengths that do not fit the tokens.
  void complete();
};

/// Reads tokenizer.ggml.* and completes `vocabulary`. Throws Error naming the key.
void read_vocabulary(const gguf::File& file, Vocabulary& vocabulary);

}  // namespace focusllm
