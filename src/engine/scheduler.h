#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "focusllm/cancel.h"
#include "model/runner.h"

namespace focusllm {

class Engine;

/// One piece of a session's work: text to be read, or a prompt and its answer. Until run() returns, all but
/// the constructor and what says so is called by the scheduler's thread alone.
class Job {
 public:
  Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  virtual ~Job() = default;

  /// As Context::plan. False: nothing is to be run before logits() was looked at.
  virtual bool plan(model::Pass& pass, std::int64_t most_rows) = 0;
  /// As Context::took. What it throws ends the job.
  virtual void took(const model::Pass& pass) = 0;
  /// After plan() gave false: the hidden state [width] whose logits are wanted, or nothing, which ends the
  /// job.
  virtual std::span<const float> hidden() const { return {}; }
  /// The logits [vocabulary] of hidden(), finite. Called beside other jobs', from several threads. False ends
  /// the job; else it is planned again.
  virtual bool take(std::span<const float> /*logits*/) { return false; }
  /// Whether its rows are an answer's: they are few, and go first.
  virtual bool answering() const { return false; }
  /// Whether it waits for its own thread, which calls Scheduler::wake() when that is over.
  virtual bool waits() const { return false; }

 private:
  friend class Scheduler;
  const CancelToken* cancel_ = nullptr;
  std::condition_variable changed_;
  // What the scheduler's mutex guards.
  bool news_ = false;
  bool finished_ = false;
  std::exception_ptr failure_;
};

/// Runs the jobs of all sessions of an engine, many in one pass through the layers: rows of answers first,
/// reading fills the rest. One thread owns the OpenMP team. What a job computes does not depend on the jobs
/// beside it.
class Scheduler {
 public:
  /// threads: as in EngineOptions.
  Scheduler(std::shared_ptr<const model::Model> model, int threads);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler();

  /// Runs a job to its end; any number of threads may do so at the same time. `on_news` is called by this
  /// thread whenever something of the job was done, and at its end. Throws Cancelled once `cancel` is raised,
  /// and what went wrong with the job.
  void run(Job& job, const CancelToken& cancel, const std::function<void()>& on_news = {});
  /// Calls `body` by the scheduler's thread, between two passes: for what must not happen while one runs.
  /// Throws what it throws.
  void call(const std::function<void()>& body);
  /// Something that a job waited for is there.
  void wake();
  int threads() const { return threads_; }

 private:
  void work();
  bool wait_for_work(std::unique_lock<std::mutex>& lock);
  void cycle();
  void drop_cancelled();
  void plan_jobs();
  void plan(Job& job, std::int64_t most_rows);
  void answer_idle();
  void take_logits(std::span<Job*> jobs);
  void run_pass();
  void tell();
  void finish(Job& job, std::exception_ptr failure);
  std::int64_t reading_rows() const;
  void note_time(double seconds);

  std::shared_ptr<const model::Model> model_;
  int threads_;
  // The scheduler's thread's own.
  model::Runner runner_;
  model::Pass pass_;
  std::vector<Job*> jobs_;     ///< those that run, in the order in which they take turns
  std::vector<Job*> planned_;  ///< those with rows in the pass
  std::vector<Job*> idle_;     ///< those that had nothing to plan
  std::vector<Job*> told_;     ///< whose threads have news
  AlignedBuffer<float> hidden_, logits_;
  std::int64_t answer_rows_ = 0;  ///< of the pass
  double seconds_per_row_ = 0;    ///< of reading, as measured last
  double answer_seconds_ = 0;     ///< of a pass of answers alone, likewise

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::vector<Job*> arrived_;
  std::vector<const std::function<void()>*> calls_;
  bool woken_ = false;
  bool stops_ = false;
  std::thread thread_;
};

}  // namespace focusllm
