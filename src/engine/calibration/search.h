#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "context/recall/heads.h"
#include "engine/calibration/texts.h"
#include "focusllm/calibration.h"

namespace focusllm::calibration {

/// One question: what each head thinks of each block of the text, and which blocks are right.
struct Case {
  Kind kind = Kind::facts;
  std::size_t first = 0, last = 0;              ///< the right blocks: first <= block < last
  std::vector<std::vector<float>> scores = {};  ///< [heads][blocks]
};

/// Of groups of heads together. heads: all that the cases have scores of.
Gain gain_of(std::span<const Case> cases, std::span<const context::QueryHead> heads,
             std::span<const context::HeadGroup> groups);

/// A group that finds paraphrases, and one that finds names, or only one of them: those that together find
/// most. A head in a deep layer has to be worth the layers that are read for it, a key head its memory. None
/// where they find little. readers: query heads that read one key head.
std::vector<context::HeadGroup> choose_heads(std::span<const Case> cases,
                                             std::span<const context::QueryHead> heads, int layers,
                                             int readers);

}  // namespace focusllm::calibration
