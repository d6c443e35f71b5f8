#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/types.h"

namespace focusllm {

namespace gguf {
class File;
}
struct Vocabulary;

/// Text <-> token ids, as llama.cpp does it for the same file. Immutable and thread-safe.
class Tokenizer {
 public:
  /// From tokenizer.ggml.*; throws Error for a kind or pre-tokenizer that is not supported, listing those
  /// that are.
  static std::shared_ptr<const Tokenizer> load(const gguf::File& file);
  virtual ~Tokenizer() = default;

  /// Ids of `text`, without BOS or EOS. Invalid UTF-8 is taken as llama.cpp takes it. With `special`, the
  /// names of control tokens in the text become those tokens (for templates written by us); without, they
  /// stay text.
  virtual std::vector<Token> encode(std::string_view text, bool special = false) const = 0;
  /// The same for text that follows other text: without the space that some vocabularies put before the first
  /// word.
  virtual std::vector<Token> encode_continued(std::string_view text, bool special = false) const {
    return encode(text, special);
  }
  /// How much of the beginning of `text` has the same ids whatever follows it: at that place encode(a + b) ==
  /// encode(a) + encode_continued(b), with `special` false. 0 if unknown. For reading text that arrives in
  /// pieces.
  virtual std::size_t stable_prefix(std::string_view text) const = 0;

  /// The bytes of one token; of a control token its name if `special`, else nothing.
  std::string piece(Token token, bool special = false) const;
  std::string decode(std::span<const Token> tokens, bool special = false) const;

  std::int64_t size() const;
  bool is_control(Token token) const;
  /// End of a sequence or of a turn: generation stops here.
  bool is_end(Token token) const;
  std::optional<Token> bos() const;
  std::optional<Token> eos() const;
  bool adds_bos() const;
  /// What the file leaves out of its vocabulary and what was taken instead, a sentence each: ids may then be
  /// others than the model was trained with. Usually empty.
  const std::vector<std::string>& guessed() const;
  /// tokenizer.chat_template, if the file has one.
  const std::string& chat_template() const;
  /// Whether encode() puts a space before the first word (SentencePiece's dummy prefix).
  bool adds_space_prefix() const;

 protected:
  /// `adds_bos` unless the file says otherwise. Throws Error if BOS is to be added and there is none.
  Tokenizer(std::shared_ptr<const Vocabulary> vocabulary, bool adds_bos);
  const Vocabulary& vocabulary() const { return *vocabulary_; }
  /// Throws Error for a text of 1 GiB or more: hand it in in pieces.
  static void check_text_size(std::string_view text);

 private:
  /// The bytes of an ordinary token by its text in the vocabulary.
  virtual std::string plain_piece(const std::string& text) const = 0;

  std::shared_ptr<const Vocabulary> vocabulary_;
  bool adds_bos_;
};

/// Turns tokens into text as they come, holding back bytes until they are whole UTF-8 characters. Bytes that
/// can never become one are given out as U+FFFD.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  std::string add(Token token);
  /// What was held back, made valid.
  std::string finish();

 private:
  const Tokenizer& tokenizer_;
  std::string pending_;
};

}  // namespace focusllm
