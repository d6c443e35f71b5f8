#pragma once

#include "context/infllm/block_memory.h"
#include "context/method.h"

namespace focusllm::context {

extern const Method kInfLlm;

BlockMemory::Sizes sizes_of(const Options& options);
/// Layers without a sliding window: the others remember nothing.
std::int64_t remembering_layers(const model::Spec& spec);

}  // namespace focusllm::context
