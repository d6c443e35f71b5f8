#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/calibration/search.h"

namespace focusllm::calibration {

/// A group of heads, each with an exponent (from 0): the product of their scores, raised to these, over all
/// blocks of a text, is how likely each block is the right one.
struct Fit {
  std::vector<float> exponents;  ///< of each head
  double loss = 0;  ///< nats of the right block, the mean over the questions, and a little for size
};

/// The exponents that make the right blocks most likely; found in `steps` steps, always the same.
/// heads: by number. cases: not empty.
Fit fit(std::span<const Case* const> cases, std::span<const std::size_t> heads, int steps);

}  // namespace focusllm::calibration
