#include "eval/run.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "base/contains.h"
#include "base/error.h"
#include "eval/measurements.h"

namespace focusllm::eval {
namespace {

using report::kPerplexity;

std::vector<std::string> all_names() {
  std::vector<std::string> all = generated_tasks();
  all.insert(all.end(), published_tasks().begin(), published_tasks().end());
  all.emplace_back(kPerplexity);
  return all;
}

}  // namespace

const std::vector<std::string>& task_names() {
  static const std::vector<std::string> kNames = all_names();
  return kNames;
}

void run_task(const std::string& task, const std::shared_ptr<const Engine>& engine, const Plan& plan,
              Results& results, const CancelToken& cancel, const EvalProgress& progress) {
  if (task == kPerplexity) return run_perplexity(engine, plan, results, cancel, progress);
  if (contains(published_tasks(), task)) return run_published(task, engine, plan, results, cancel, progress);
  if (contains(generated_tasks(), task)) return run_generated(task, engine, plan, results, cancel, progress);
  throw UsageError(fmt::format("'{}' is no task: there are {}", task, fmt::join(task_names(), ", ")));
}

}  // namespace focusllm::eval
