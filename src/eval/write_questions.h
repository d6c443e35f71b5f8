#pragma once

#include <string>

#include "base/output_file.h"
#include "eval/plan.h"
#include "focusllm/tokenizer.h"

namespace focusllm::eval {

/// Appends what a generated task of a plan asks to a file in the format of the task `questions`. Throws
/// UsageError for a task that is not generated, Error for one that has no chat form, and where the file
/// cannot be written.
void write_questions(const std::string& task, const Tokenizer& tokenizer, const Plan& plan, OutputFile& file);

}  // namespace focusllm::eval
