#pragma once

#include <cstdint>
#include <string_view>

#include "focusllm/tokenizer.h"

namespace focusllm::cli {

/// What a chat template puts around the text and the question, generously.
inline constexpr std::int64_t kTemplateTokens = 64;

/// The tokens of a text, with progress. Counts in parts, cut after a line, so that the ids of a whole library
/// need not be held at once.
std::int64_t count_tokens(const Tokenizer& tokenizer, std::string_view text);

}  // namespace focusllm::cli
