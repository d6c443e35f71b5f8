#pragma once

#include <cstdint>

#include "train/sample.h"

namespace focusllm::data {

/// Throws Error naming the first thing about a sample that is not as sample.h says, for a vocabulary of that
/// many tokens and a model trained on `context` positions (0: any).
void validate(const train::Sample& sample, std::int64_t vocabulary, std::int64_t context = 0);

}  // namespace focusllm::data
