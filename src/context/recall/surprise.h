#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "context/context.h"
#include "model/model.h"

namespace focusllm::context {

/// How little the model expects some words of a prompt, by the hidden states of the tokens before them.
class Surprise {
 public:
  /// words: stand in the prompt from token `first` on, which is not its first one.
  Surprise(const model::Spec& spec, std::int64_t first, std::span<const Token> words);
  /// Hidden states [rows, width] of the prompt's tokens from `first` on; those that say nothing about the
  /// words are left out.
  void take(std::int64_t first, std::span<const float> hidden);
  /// The sum over the words of -log(probability), natural.
  double nats(const model::Model& model) const;

 private:
  std::int64_t width_, first_;
  std::vector<Token> words_;
  std::vector<float> hidden_;  ///< [words, width] before each of them
};

}  // namespace focusllm::context
