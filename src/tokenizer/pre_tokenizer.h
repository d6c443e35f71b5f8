#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace focusllm {

/// Cuts a text into the words that byte-level BPE merges within, as the pattern of the same name in llama.cpp
/// does. Written out by hand instead of as regular expressions: linear in the text, whatever it holds.
/// Thread-safe.
class PreTokenizer {
 public:
  /// One pass over the pieces that the pass before it left.
  enum class Pass : std::uint8_t {
    gpt2,                  ///< 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    llama3,                ///< (?i:'s|...)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
                           ///< ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
    qwen2,                 ///< the same with \p{N}
    tekken,                ///< words of camel case apart:
                           ///< [^\r\n\p{L}\p{N}]?((?=\p{L})[^a-z])*((?=\p{L})[^A-Z])+|
                           ///< [^\r\n\p{L}\p{N}]?((?=\p{L})[^a-z])+((?=\p{L})[^A-Z])*|\p{N}|
                           ///< ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
    number,                ///< each \p{N} alone
    numbers,               ///< \p{N}+
    digit_triples,         ///< [0-9][0-9][0-9]
    punctuation,           ///< [\p{P}$+<=>^~|]+
    punctuation_backtick,  ///< [\p{P}$+<=>^~|`]+
  };

  /// By the value of tokenizer.ggml.pre; throws Error listing the supported ones.
  static PreTokenizer named(std::string_view name);

  /// Where each word of `text` (which repair_utf8 leaves alone, under 4 GiB) ends.
  std::vector<std::uint32_t> split(std::string_view text) const;
  /// A word that is a token is that token, whatever the merges give.
  bool ignores_merges() const { return ignores_merges_; }
  /// BOS is added unless the file says otherwise.
  bool adds_bos() const { return adds_bos_; }

 private:
  std::vector<Pass> passes_;
  bool ignores_merges_ = false;
  bool adds_bos_ = false;
};

}  // namespace focusllm
