#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/tokenizer.h"
#include "tokenizer/merge.h"
#include "tokenizer/neighbours.h"
#include "tokenizer/special_tokens.h"

namespace focusllm {

/// tokenizer.ggml.model = llama: characters merge into tokens, the highest score first; what is no token in
/// the end comes out as bytes. Ordinary text never becomes a control token here, not even where llama.cpp
/// would merge one.
class SentencePiece final : public Tokenizer {
 public:
  /// Throws Error naming the key if scores or byte tokens are missing.
  explicit SentencePiece(const std::shared_ptr<const Vocabulary>& vocabulary);

  std::vector<Token> encode(std::string_view text, bool special = false) const override;
  std::vector<Token> encode_continued(std::string_view text, bool special = false) const override;
  std::size_t stable_prefix(std::string_view text) const override;

 private:
  class Session;

  std::vector<Token> encode(std::string_view text, bool special, bool prefix) const;
  std::string plain_piece(const std::string& text) const override;
  bool is_stable(std::string_view text, std::size_t at) const;
  Token byte_token(unsigned char byte) const;
  Merge merge(std::string_view text) const;

  SpecialTokens user_defined_;
  SpecialTokens all_special_;
  Neighbours neighbours_;
  std::array<Token, 256> byte_tokens_{};
  std::vector<std::uint32_t> ranks_;  ///< of each token: the smaller, the higher its score
  std::size_t longest_ = 0;           ///< bytes of the longest token
};

}  // namespace focusllm
