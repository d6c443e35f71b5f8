#pragma once

#include <span>
#include <vector>

#include "attention/attend.h"

namespace focusllm::context {

/// The attention that some tokens received: for citations, and for the choice of chunks that are renewed.
struct Received {
  double mass = 0;  ///< shares of single heads' attention, added up
  /// Their squares. Some tokens get a little of every head's attention; what a head looks for gets much of
  /// one.
  double focus = 0;

  void add(double share) {
    mass += share;
    focus += share * share;
  }
};

/// Those of `places` that received anything, the hardest looked at first.
std::vector<std::size_t> by_focus(std::span<const Received> places);

/// What each of the `keys` keys of `runs` received of the last row's attention in `block`, which has one part
/// and whose lse is filled in: shares [heads, keys] of each head's whole.
void last_row_shares(const attention::Block& block, std::span<const attention::KvRun> runs, std::int64_t keys,
                     std::vector<float>& shares);

}  // namespace focusllm::context
