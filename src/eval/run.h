#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "eval/plan.h"
#include "eval/results.h"
#include "focusllm/cancel.h"
#include "focusllm/session.h"

namespace focusllm::eval {

/// Tasks that make their prompts themselves.
const std::vector<std::string>& generated_tasks();
/// Tasks whose prompts are the lines of files in a published format.
const std::vector<std::string>& published_tasks();
/// All of them, and perplexity.
const std::vector<std::string>& task_names();

/// How far a run is.
struct EvalState {
  std::int64_t done = 0, total = 0;  ///< measurements
  double share = 0;  ///< of the work, by the prompts' lengths, what was read of this one included
  std::string next;  ///< what is measured now; empty at the end
};
using EvalProgress = std::function<void(const EvalState&)>;

/// Measures what `results` does not hold yet of one of task_names(). A measurement that a method refuses (too
/// long for it, too little memory) is a line with the reason under "error", and the run goes on. Throws
/// UsageError for a name or a plan that makes no sense, Error for a file that is not of the task's format,
/// Cancelled.
void run_task(const std::string& task, const std::shared_ptr<const Engine>& engine, const Plan& plan,
              Results& results, const CancelToken& cancel, const EvalProgress& progress);

}  // namespace focusllm::eval
