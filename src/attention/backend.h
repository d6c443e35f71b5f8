#pragma once

#include "attention/partial.h"

namespace focusllm::attention {

/// Another implementation of the two operations behind the same interface, chosen by name.
struct Backend {
  std::string_view name;
  void (*partial)(const Problem& problem) = nullptr;
  void (*column_sums)(const Problem& problem, const float* lse, float* sums, std::int64_t stride) = nullptr;
};

/// Makes a backend known. Linking focusllm_attention_torch does it for "torch", the plain-torch form.
void register_backend(const Backend& backend);

/// "cpu" (our kernels, the default) or a registered name: what partial() and column_sums() run from now on,
/// in all threads. Throws UsageError with the names that exist for another one.
void use_backend(std::string_view name);

/// The one in use; null for "cpu".
const Backend* active_backend();

}  // namespace focusllm::attention
