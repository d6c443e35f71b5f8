#pragma once

#include <functional>
#include <vector>

#include "base/cancel.h"
#include "eval/results.h"
#include "eval/run.h"

namespace focusllm::eval {

/// One measurement: what it is, and how to make it.
struct Measurement {
  Results::Json identity;
  std::function<Results::Json()> measure;
};

/// What every identity says of the model, its adapter and the method with its sizes.
Results::Json identity_of(const Engine& engine, const ContextOptions& options);
/// The plan's methods, with one store of encoded chunks for all of them, as large as the longest prompt
/// allows beside it: a text that does not fit is read again for every prompt.
std::vector<ContextOptions> methods_with_store(const Engine& engine, const Plan& plan);
/// Makes those that the results do not hold yet. An Error is a result too; Cancelled is thrown on.
void run_all(const std::vector<Measurement>& all, Results& results, const CancelToken& cancel,
             const EvalProgress& progress);

// run_task() for each kind of task.
void run_generated(const std::string& task, const std::shared_ptr<const Engine>& engine, const Plan& plan,
                   Results& results, const CancelToken& cancel, const EvalProgress& progress);
void run_published(const std::string& task, const std::shared_ptr<const Engine>& engine, const Plan& plan,
                   Results& results, const CancelToken& cancel, const EvalProgress& progress);
/// Perplexity of the last plan.scored tokens of windows of the texts, with memory before the local window
/// (the text's own, and another text's where there is one) and without.
void run_perplexity(const std::shared_ptr<const Engine>& engine, const Plan& plan, Results& results,
                    const CancelToken& cancel, const EvalProgress& progress);

}  // namespace focusllm::eval
