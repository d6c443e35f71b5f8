#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/cpu.h"
#include "focusllm/session.h"

namespace focusllm {

/// Draws tokens from logits as SamplingOptions say. The same seed and logits give the same tokens.
class Sampler {
 public:
  /// `isa`: whose kernels look at logits. Throws UsageError for options out of range.
  explicit Sampler(const SamplingOptions& options, Isa isa = default_isa());
  /// logits [vocabulary]; `recent` are the last tokens of the text, oldest first. What it draws is the
  /// answer.
  Token sample(std::span<const float> logits, std::span<const Token> recent);

 private:
  struct Candidate {
    Token id;
    float logit;
  };
  bool penalises() const;
  bool counts() const { return options_.presence_penalty != 0 || options_.frequency_penalty != 0; }
  Token draw(std::span<const float> logits, std::span<const Token> recent);
  std::vector<Candidate> penalised(std::span<const float> logits, std::span<const Token> recent) const;
  void penalise_repeated(std::vector<Candidate>& candidates, std::span<const Token> recent) const;
  void keep_likely(std::vector<Candidate>& candidates) const;

  SamplingOptions options_;
  Isa isa_;
  std::mt19937_64 random_;
  std::unordered_map<Token, int> drawn_;  ///< how often each was, where that counts
};

/// The `count` most likely tokens, best first, with log-probabilities; equal ones by id.
std::vector<TokenProbability> most_likely(Isa isa, std::span<const float> logits, int count);

}  // namespace focusllm
