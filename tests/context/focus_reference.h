#pragma once

#include <optional>
#include <span>

#include "support/torch_decoder.h"

namespace focusllm::test {

struct FocusSizes {
  std::int64_t chunk = 0, local = 0, tail = 0, overlap = 0;
  std::optional<std::int32_t> bos;  ///< in front of tails and local window
};

/// methods.md section 1, written down word for word: slow and obvious. Hidden states [1 + generated, width]
/// after the prompt and after each generated token. exact: the local window is computed anew for each token
/// with its candidates; else rows keep the candidates of their own step.
torch::Tensor focus_reference(const TorchDecoder& decoder, std::span<const std::int32_t> prompt,
                              std::span<const std::int32_t> generated, const FocusSizes& sizes, bool exact);

}  // namespace focusllm::test
