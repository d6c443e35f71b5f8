#include "base/error.h"
#include "eval/ask_prompt.h"
#include "eval/measurements.h"
#include "eval/tasks/tasks.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;
using EnginePointer = std::shared_ptr<const Engine>;

constexpr double kNoDepth = 50;  // percent; of tasks that have no depth
constexpr int kAllTrials = -1;

/// The same for every length, depth and trial on every machine (FNV-1a over the numbers).
std::uint64_t case_seed(std::uint64_t seed, std::int64_t length, double depth, int trial) {
  std::uint64_t hash = 14695981039346656037U;
  for (const std::uint64_t part :
       {seed, static_cast<std::uint64_t>(length), static_cast<std::uint64_t>(depth * 1000),
        static_cast<std::uint64_t>(trial)}) {
    hash = (hash ^ part) * 1099511628211U;
  }
  return hash ^ (hash >> 29);
}

/// One line of the grid: a form of a task, and a method.
struct Line {
  TaskPointer task;
  ContextOptions options;
  Json identity;
};

std::vector<Line> lines_of(const std::string& name, const EnginePointer& engine, const Plan& plan) {
  const auto methods = methods_with_store(*engine, plan);
  std::vector<Line> lines;
  for (const TaskPointer& task : make_tasks(name, engine->tokenizer(), plan)) {
    for (const ContextOptions& options : methods) {
      Json identity = {{"task", name}, {"variant", task->variant()}};
      identity.update(identity_of(*engine, options));
      lines.push_back({task, options, std::move(identity)});
    }
  }
  return lines;
}

void add_cell(const std::shared_ptr<PromptReader>& reader, const Plan& plan, const Line& line,
              std::int64_t length, double depth, std::vector<Measurement>& all) {
  const std::uint64_t haystack_seed = case_seed(plan.seed, length, 0, kAllTrials);
  for (int trial = 0; trial < plan.trials; ++trial) {
    const Case which{length, depth / 100, case_seed(plan.seed, length, depth, trial), haystack_seed};
    Json identity = line.identity;
    identity.update(Json{{"length", length},
                         {"depth", line.task->has_depth() ? Json(depth) : Json()},
                         {"trial", trial},
                         {"seed", plan.seed}});
    all.push_back(
        {std::move(identity),
         [reader, line, which] { return ask_prompt(*reader, line.task->make(which), line.options); },
         static_cast<double>(length)});
  }
}

}  // namespace

void run_generated(const std::string& task, const EnginePointer& engine, const Plan& plan, Results& results,
                   const CancelToken& cancel, const EvalProgress& progress) {
  for (const double depth : plan.depths) {
    if (!(depth >= 0 && depth <= 100))
      throw UsageError(fmt::format("`depths`: {:g} is not from 0 to 100 percent", depth));
  }
  Reporter reporter(progress);
  const auto reader = reader_for(engine, cancel, reporter);
  std::vector<Measurement> all;
  for (const Line& line : lines_of(task, engine, plan)) {
    for (const std::int64_t length : plan.lengths) {
      const auto depths = line.task->has_depth() ? plan.depths : std::vector<double>{kNoDepth};
      for (const double depth : depths) add_cell(reader, plan, line, length, depth, all);
    }
  }
  run_all(all, results, cancel, reporter);
}

}  // namespace focusllm::eval
