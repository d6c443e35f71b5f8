#pragma once

#include "context/method.h"

namespace focusllm::context {

extern const Method kFocus;

inline constexpr std::int64_t kTailPage = 64;  ///< tokens
/// Tokens that a conversation may add before everything is cut anew.
inline constexpr std::int64_t kGrowth = 1024;

/// Chunks that a text of so many tokens is cut into.
std::int64_t chunks_of(const Options& options, std::int64_t tokens);
/// Candidates and local window are few and seen by every row: they keep their precision.
attention::KvType window_type(attention::KvType type);
/// Candidates stand in front of the local window, each at a position of its own. Throws Error where these are
/// more than the model was trained for and beyond_trained does not allow it.
void check_fit(const Options& options, const model::Spec& spec, std::int64_t chunks, std::int64_t window);

}  // namespace focusllm::context
