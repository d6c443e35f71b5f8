#pragma once

#include "focusllm/session.h"

namespace focusllm {

/// llama-perplexity's definition: the text's tokens in chunks of `context` tokens (BOS at each chunk's start
/// if the model adds it), scored over each chunk's second half; a last short chunk is left out.
struct Perplexity {
  double value = 0;
  double standard_error = 0;
  std::int64_t tokens = 0;               ///< scored
  std::vector<float> log_probabilities;  ///< natural, of each scored token
};
Perplexity perplexity(const Engine& engine, std::string_view text, std::int64_t context,
                      const ContextOptions& options, const CancelToken& cancel,
                      const ProgressCallback& progress);

/// Log-probabilities (natural) of the last `count` of some tokens, each given all before it, BOS among them
/// where the model wants it. `options.method` is a method, not auto. Throws Error unless 0 < count < tokens.
std::vector<float> log_probabilities(const Engine& engine, std::span<const Token> tokens, std::int64_t count,
                                     const ContextOptions& options, const CancelToken& cancel,
                                     const ProgressCallback& progress = {});

}  // namespace focusllm
