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

/// For each query head the score of each block of the text, [heads][blocks]: the attention that the tokens of
/// the question pay to a token, over all tokens from `first` to `end`, the root of the sum of their squares
/// (so that a sure token counts most, and two that agree more than one), averaged over neighbours, the
/// largest of all tokens of the block, times what the head counts (after methods.md section 7, which takes
/// the largest).
std::vector<std::vector<float>> block_scores(const HeadKeys& keys, const HeadQueries& queries,
                                             const Scoring& scoring);

}  // namespace focusllm::context
