#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "focusllm/tokenizer.h"
#include "tokenizer/flat_map.h"
#include "tokenizer/merge.h"
#include "tokenizer/neighbours.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/special_tokens.h"

namespace focusllm {

/// tokenizer.ggml.model = gpt2: the text is cut into words by a pattern, each word's bytes are merged by
/// rank.
class ByteLevelBpe final : public Tokenizer {
 public:
  /// Throws Error naming the key if merges or pre-tokenizer do not fit.
  explicit ByteLevelBpe(const std::shared_ptr<const Vocabulary>& vocabulary);

  std::vector<Token> encode(std::string_view text, bool special = false) const override;
  std::size_t stable_prefix(std::string_view text) const override;

 private:
  class Session;
  using Extra = std::unordered_map<std::string, std::int32_t>;

  std::string plain_piece(const std::string& text) const override;
  /// The id of a text that merges work on: a token, or beyond the vocabulary one that only merges know.
  std::int32_t intern(std::string_view text, Extra& extra);
  void read_merge(std::string_view line, std::uint32_t rank, Extra& extra);
  void append(std::int32_t id, std::vector<Token>& ids) const;
  Merge merge(const Symbol& left, const Symbol& right) const;

  PreTokenizer pre_tokenizer_;
  SpecialTokens user_defined_;
  SpecialTokens all_special_;
  FlatMap<Merge> merges_;                         ///< by (left id << 32 | right id)
  Neighbours special_neighbours_;                 ///< within special tokens
  std::size_t longest_ = 0;                       ///< bytes of the longest token's text
  std::array<std::int32_t, 256> byte_ids_{};      ///< of single bytes
  std::vector<std::vector<Token>> extra_tokens_;  ///< what texts that are no tokens come out as
};

}  // namespace focusllm
