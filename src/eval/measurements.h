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
/// The plan's methods, with one store of encoded chunks for all of them.
std::vector<ContextOptions> methods_with_store(const Plan& plan);
/// Makes those that the results do not hold yet. An Error is a result too; Cancelled is thrown on.
void run_all(const std::vector<Measurement>& all, Results& results, const CancelToken& cancel,
             const EvalProgress& progress);

}  // namespace focusllm::eval
