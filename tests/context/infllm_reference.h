#pragma once

#include <cstdint>
#include <vector>

#include "support/torch_decoder.h"

namespace focusllm::test {

struct InfLlmSizes {
  std::int64_t local, initial, block, top_k, representatives;
};

/// InfLLM in strict mode over a whole sequence whose blocks of queries have the given sizes: a direct
/// transcription of methods.md section 2, one query and one head at a time. Sliding-window layers see their
/// window.
TorchDecoder::Attention infllm_reference(const TorchDecoder& decoder, const InfLlmSizes& sizes,
                                         std::vector<std::int64_t> query_blocks);

}  // namespace focusllm::test
