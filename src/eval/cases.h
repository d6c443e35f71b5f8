#pragma once

#include <vector>

#include "eval/plan.h"
#include "eval/task.h"

namespace focusllm::eval {

/// A case of a generated task within a plan.
struct PlannedCase {
  Case which;
  double depth = 0;  ///< percent
  int trial = 0;
};

/// The cases of one length, those that ask about one text next to each other. Throws UsageError for a depth
/// that is none.
std::vector<PlannedCase> cases_of(const Task& task, const Plan& plan, std::int64_t length);

}  // namespace focusllm::eval
