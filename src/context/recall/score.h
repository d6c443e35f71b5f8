#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/cpu.h"
#include "context/recall/head_keys.h"

namespace focusllm::context {

struct TokenRange {
  std::int64_t first = 0, end = 0;
};

/// How the blocks of a text are scored.
struct Scoring {
  std::int64_t block = 32;               ///< tokens
  std::int64_t first = 0;                ///< the token that the first block begins with
  std::int64_t end = 0;                  ///< behind the last token that counts
  std::vector<TokenRange> without = {};  ///< tokens between these that nobody looks at; ascending
  Isa isa = default_isa();
};

using BlockScores = std::vector<std::vector<float>>;  ///< [query heads][blocks]

/// For each query head the score of each block of the text, [heads][blocks]: the attention that the tokens of
/// the question pay to a token, over all tokens from `first` to `end`, the root of the sum of their squares
/// (so that a sure token counts most, and two that agree more than one), averaged over neighbours, the
/// largest of all tokens of the block (after methods.md section 7, which takes the largest).
BlockScores block_scores(const HeadKeys& keys, const HeadQueries& queries, const Scoring& scoring);
/// The same for blocks that are `times` as long.
BlockScores of_longer_blocks(const BlockScores& scores, std::int64_t times);
/// What a question scores beyond one that says nothing, which looks at the same blocks: the root of the
/// difference of the squares, 0 where that one scores more (after In-Context Re-ranking, arXiv 2410.02642,
/// which takes the difference). plain: of the same blocks, or empty: nothing is left out.
void leave_out(const BlockScores& plain, BlockScores& scores);
/// The logarithms of a head's scores, each a little above 0: a head that says nothing says so of all blocks.
std::vector<float> logs_of(std::span<const float> scores);
/// What the heads of a group say together of each block: the geometric mean of their scores (logs_of) by
/// their shares; 0 where none says anything. scores: of each of its heads, [blocks].
std::vector<float> group_scores(const HeadGroup& group, std::span<const std::span<const float>> scores);
/// The score of each block, the largest that a group gives it, and how near it comes to the best one. Of
/// another group than the best one's, which may be loud by its power, that is measured without the power.
struct Combined {
  std::vector<float> scores;  ///< [blocks]
  std::vector<float> shares;  ///< [blocks], 0 to 1
  std::vector<float> paid;    ///< [blocks], what that group says, without its weight and power
};
/// scores: of the groups' heads, one after the other.
Combined combined(std::span<const HeadGroup> groups, const BlockScores& scores);

}  // namespace focusllm::context
