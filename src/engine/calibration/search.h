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

/// A head by its number, and what its scores count (QueryHead).
struct Weighted {
  std::size_t head = 0;
  float weight = 1;
  int power = 1;
};

/// Of some heads together, a block's score being the largest of them.
Gain gain_of(std::span<const Case> cases, std::span<const Weighted> heads);

/// The heads that together find most, up to `most` of them. A head in a deep layer has to be worth the layers
/// that are read for it. None where they find little.
std::vector<Weighted> choose_heads(std::span<const Case> cases, std::span<const context::QueryHead> heads,
                                   int layers, std::size_t most);

}  // namespace focusllm::calibration
