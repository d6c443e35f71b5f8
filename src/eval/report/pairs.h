#pragma once

#include "eval/report/cells.h"

namespace focusllm::eval::report {

/// What a memory changes, over the windows that were scored both with it and without.
struct PairedDifference {
  std::string variant;
  Setting setting;
  std::int64_t length = 0;       ///< of the memory: tokens
  double without = 0, with = 0;  ///< perplexity over the same windows
  Estimate difference;  ///< of the windows' negative log-likelihoods: nats per token; below 0: better
};

/// For each variant but "no memory", each setting and length, the windows' differences to "no memory" of the
/// same setting. Those without a common window are left out.
std::vector<PairedDifference> paired_differences(const Selection& records);

}  // namespace focusllm::eval::report
