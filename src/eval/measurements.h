#pragma once

#include <functional>
#include <vector>

#include "eval/prompt_reader.h"
#include "eval/results.h"
#include "eval/run.h"
#include "focusllm/cancel.h"

namespace focusllm::eval {

/// One measurement: what it is, how to make it, and how much there is to read (in any unit).
struct Measurement {
  Results::Json identity;
  std::function<Results::Json()> measure;
  double work = 1;
};

/// What a run tells of its progress: what is done, and from within a measurement what was read.
class Reporter {
 public:
  explicit Reporter(EvalProgress progress) : progress_(std::move(progress)) {}
  void begin(const std::vector<const Measurement*>& all);
  void next(const Measurement& one);
  void reading(const Progress& progress) const;
  void done();

 private:
  void tell(double share_of_this) const;

  EvalProgress progress_;
  EvalState state_;
  double work_ = 1, done_ = 0, next_ = 0;
};

/// What every identity says of the model, its adapter, its products' number type and the method with its
/// sizes.
Results::Json identity_of(const Engine& engine, const ContextOptions& options);
/// Reads prompts, and reports how far it is. The reporter outlives it.
std::shared_ptr<PromptReader> reader_for(const std::shared_ptr<const Engine>& engine,
                                         const CancelToken& cancel, const Reporter& reporter);
/// The plan's methods with all their sizes, and with one store of encoded chunks for all of them, as large as
/// the longest prompt allows beside it: a text that does not fit is read again for every prompt.
std::vector<ContextOptions> methods_with_store(const Engine& engine, const Plan& plan);
/// Makes those that the results do not hold yet, each once. What a method refuses is a line too; Cancelled is
/// thrown on.
void run_all(const std::vector<Measurement>& all, Results& results, const CancelToken& cancel,
             Reporter& reporter);

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
