#pragma once

#include <memory>

#include "base/cancel.h"
#include "engine/engine.h"
#include "eval/results.h"
#include "eval/task.h"

namespace focusllm::eval {

/// Reads a prompt without chat template, and scores the answer (greedy): score (0 to 1), right (all of it),
/// answer, expected, tokens, needle (or null), seconds and bytes. Throws Error for what the method refuses,
/// Cancelled.
Results::Json ask_prompt(const std::shared_ptr<const Engine>& engine, const Prompt& prompt,
                         const ContextOptions& options, const CancelToken& cancel);

}  // namespace focusllm::eval
