#pragma once

#include <cstdint>
#include <vector>

#include "support/torch_decoder.h"

namespace focusllm::test {

struct InfLlmSizes {
  std::int64_t local, initial, block, representatives;
  bool parity = false;  ///< the official code's far mask
};

/// Queries that choose together, and how many blocks of memory.
struct QueryBlock {
  std::int64_t size, top_k;
};

/// InfLLM over a whole sequence whose queries stand in the given blocks: a direct
/// transcription of methods.md section 2, one query and one head at a time. Sliding-window layers see their
/// window.
TorchDecoder::Attention infllm_reference(const TorchDecoder& decoder, const InfLlmSizes& sizes,
                                         std::vector<QueryBlock> query_blocks);

}  // namespace focusllm::test
