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

using BlockScores = std::vector<std::vector<float>>;  ///< [query heads][blocks]

/// For each query head the score of each block of the text, [heads][blocks]: the attention that the tokens of
/// the question pay to a token, over all tokens from `first` to `end`, the root of the sum of their squares
/// (so that a sure token counts most, and two that agree more than one), averaged over neighbours, the
/// largest of all tokens of the block (after methods.md section 7, which takes the largest).
BlockScores block_scores(const HeadKeys& keys, const HeadQueries& queries, const Scoring& scoring);
/// What a question scores beyond one that says nothing, which looks at the same blocks: the root of the
/// difference of the squares, 0 where that one scores more (after In-Context Re-ranking, arXiv 2410.02642,
/// which takes the difference). plain: of the same blocks, or empty: nothing is left out.
void leave_out(const BlockScores& plain, BlockScores& scores);
/// What each head's scores count beside the others'. heads: as many as scores.
void weigh(std::span<const QueryHead> heads, BlockScores& scores);

}  // namespace focusllm::context
