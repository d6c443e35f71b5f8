#pragma once

#include "attention/backend.h"

namespace focusllm::attention::reference {

// The plain-torch forms: slow, obvious, on any device torch has. The truth that every kernel is tested
// against. Linked from focusllm_attention_torch only, so that nothing else needs torch.

void partial(const Problem& problem);
void collect_columns(const Problem& problem, Collect collect, const float* lse, float* columns,
                     std::int64_t stride);
/// Both.
inline constexpr Backend backend{partial, collect_columns};

}  // namespace focusllm::attention::reference
