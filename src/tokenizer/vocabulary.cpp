#include "tokenizer/vocabulary.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>

#include "base/error.h"

namespace focusllm {
namespace {

/// Generation stops at a token of one of these names, as in llama.cpp.
constexpr std::array<std::string_view, 33> kEnds = {
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|flush|>",
    "<|calls|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "</s>",
    "<|eom_id|>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "<|end_of_text|>",
    "<eos>",
    "<turn|>",
    "<|tool_response>",
    "<end_of_utterance>",
    "<|fim_pad|>",
    "<fim-pad>",
    "<fim_pad>",
    "<PAD>",
    "[PAD]",
    "<|fim_repo|>",
    "<|repo_name|>",
    "<fim-repo>",
    "<REPO>",
    "<reponame>",
    "<|file_sep|>",
    "<｜end▁of▁sentence｜>",
    "[e~[",
};

std::uint32_t hash_text(std::string_view text) {
  const std::size_t hash = std::hash<std::string_view>{}(text);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

void check_sizes(const Vocabulary& vocabulary) {
  const std::size_t size = vocabulary.texts.size();
  if (size == 0) fail("tokenizer.ggml.tokens is missing or empty");
  if (vocabulary.kinds.size() != size) {
    fail("tokenizer.ggml.token_type has {} entries for {} tokens", vocabulary.kinds.size(), size);
  }
  if (!vocabulary.scores.empty() && vocabulary.scores.size() != size) {
    fail("tokenizer.ggml.scores has {} entries for {} tokens", vocabulary.scores.size(), size);
  }
  const auto bad =
      std::find_if(vocabulary.scores.begin(), vocabulary.scores.end(), [](float s) { return std::isnan(s); });
  if (bad != vocabulary.scores.end())
    fail("tokenizer.ggml.scores: entry {} is not a number", bad - vocabulary.scores.begin());
}

}  // namespace

TextIndex::TextIndex(std::span<const std::string> texts)
    : texts_(texts), slots_(std::bit_ceil(texts.size() + texts.size() / 2 + 2)) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t token = 0; token < texts.size(); ++token) {
    if (texts[token].empty()) continue;
    const std::uint32_t hash = hash_text(texts[token]);
    std::size_t i = hash & mask;
    while (slots_[i].token >= 0 && !is_at(i, hash, texts[token])) i = (i + 1) & mask;
    if (slots_[i].token >= 0) {
      fail("tokenizer.ggml.tokens: tokens {} and {} are both '{}'", slots_[i].token, token, texts[token]);
    }
    slots_[i] = {hash, static_cast<Token>(token)};
  }
}

Token TextIndex::find(std::string_view text) const {
  if (slots_.empty()) return -1;
  const std::size_t mask = slots_.size() - 1;
  const std::uint32_t hash = hash_text(text);
  for (std::size_t i = hash & mask; slots_[i].token >= 0; i = (i + 1) & mask) {
    if (is_at(i, hash, text)) return slots_[i].token;
  }
  return -1;
}

void Vocabulary::complete() {
  check_sizes(*this);
  index = TextIndex(texts);
  ends.resize(texts.size());
  for (const std::string_view name : kEnds) {
    const Token token = index.find(name);
    if (token < 0) continue;
    ends[static_cast<std::size_t>(token)] = true;
    kinds[static_cast<std::size_t>(token)] |= control;
  }
}

}  // namespace focusllm
