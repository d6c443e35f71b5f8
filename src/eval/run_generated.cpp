#include "base/error.h"
#include "eval/ask_prompt.h"
#include "eval/cases.h"
#include "eval/measurements.h"
#include "eval/tasks/tasks.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;
using EnginePointer = std::shared_ptr<const Engine>;

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
      Json identity = {{"task", name}, {"variant", plan.chat ? task->chat_variant() : task->variant()}};
      identity.update(identity_of(*engine, options));
      lines.push_back({task, options, std::move(identity)});
    }
  }
  return lines;
}

Measurement measurement_of(const std::shared_ptr<PromptReader>& reader, const Plan& plan, const Line& line,
                           const PlannedCase& one) {
  Json identity = line.identity;
  identity.update(Json{{"length", one.which.length},
                       {"depth", line.task->has_depth() ? Json(one.depth) : Json()},
                       {"trial", one.trial},
                       {"seed", plan.seed}});
  const Form form = plan.chat ? Form::chat : Form::raw;
  return {std::move(identity),
          [reader, line, which = one.which, form] {
            return ask_prompt(*reader, line.task->make(which), line.options, form);
          },
          static_cast<double>(one.which.length)};
}

}  // namespace

void run_generated(const std::string& task, const EnginePointer& engine, const Plan& plan, Results& results,
                   const CancelToken& cancel, const EvalProgress& progress) {
  Reporter reporter(progress);
  const auto reader = reader_for(engine, cancel, reporter);
  std::vector<Measurement> all;
  for (const Line& line : lines_of(task, engine, plan)) {
    for (const std::int64_t length : plan.lengths) {
      for (const PlannedCase& one : cases_of(*line.task, plan, length))
        all.push_back(measurement_of(reader, plan, line, one));
    }
  }
  run_all(all, results, cancel, reporter);
}

}  // namespace focusllm::eval
