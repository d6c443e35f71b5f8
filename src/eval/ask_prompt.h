#pragma once

#include "eval/prompt_reader.h"
#include "eval/results.h"
#include "eval/task.h"
#include "focusllm/session.h"

namespace focusllm::eval {

/// Reads a prompt and scores the answer (greedy): score (0 to 1), right (all of it), answer, expected,
/// tokens, read_tokens (what no prompt before it began with), needle (or null), found (where the method
/// cites: the share of the prompt's support that stands in the cited places), best (the score of the first of
/// them), supported (where the method says whether the text answers; the score of a prompt about what is not
/// there), seconds (to the first token: from the beginning of reading) and bytes, the number type of keys and
/// values. Throws Error for what the method refuses, Cancelled.
Results::Json ask_prompt(PromptReader& reader, const Prompt& prompt, const ContextOptions& options,
                         Form form = Form::raw);
/// Tokens that the answer to a prompt may have. A chat answers in sentences, which say again what is asked
/// for.
std::int64_t answer_tokens(const Prompt& prompt, Form form);

}  // namespace focusllm::eval
