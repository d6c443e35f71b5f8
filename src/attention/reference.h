#pragma once

#include "attention/backend.h"

namespace focusllm::attention::reference {

// The plain-torch forms: slow, obvious, on any device torch has. The truth that every kernel is tested
// against. Linked from focusllm_attention_torch only, so that nothing else needs torch.

void partial(const Problem& problem);
void column_sums(const Problem& problem, const float* lse, float* sums, std::int64_t stride);
/// Both.
inline constexpr Backend backend{partial, column_sums};

}  // namespace focusllm::attention::reference
