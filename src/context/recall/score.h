#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/cpu.h"
#include "context/recall/head_keys.h"

namespace focusllm::context {

/// How the blocks of a text are scored.
struct Scoring {
  std::int64_t block = 32;  ///< tokens
  std::int64_t first = 0;   ///< the token that the first block begins with
  std::int64_t end = 0;     ///< behind the last token that counts
  Isa isa = default_isa();
};

/// For each query head the score of each block of the text, [heads][blocks]: the attention that some token of
/// the question pays to a token, over all tokens from `first` to `end`, the largest of all tokens of the
/// question, averaged over neighbours, the largest of all tokens of the block, times what the head counts
/// (methods.md section 7).
std::vector<std::vector<float>> block_scores(const HeadKeys& keys, const HeadQueries& queries,
                                             const Scoring& scoring);

}  // namespace focusllm::context
