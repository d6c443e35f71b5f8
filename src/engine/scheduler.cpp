#include "engine/scheduler.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/error.h"
#include "base/threads.h"

namespace focusllm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kLeastRows = 64;     // fewer cost more in unpacking weights than they save in waiting
constexpr double kSharedSeconds = 0.25;     // of a pass that somebody beside the one who reads waits for
constexpr double kAloneSeconds = 1;         // of one that nobody else waits for: somebody may come
constexpr std::int64_t kMostLogits = 64;    // rows of logits held at once
constexpr std::int64_t kMeasuredRows = 32;  // of reading that make a pass's time tell the time of a row

}  // namespace

Scheduler::Scheduler(std::shared_ptr<const model::Model> model, int threads)
    : model_(model), threads_(0), runner_(std::move(model)) {
  std::exception_ptr failure;
  bool ready = false;
  thread_ = std::thread([this, threads, &ready, &failure] {
    try {
      set_thread_count(threads);
    } catch (...) {
      failure = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      threads_ = thread_count();
      ready = true;
      stops_ = failure != nullptr;
    }
    work_.notify_all();
    work();
  });
  std::unique_lock lock(mutex_);
  work_.wait(lock, [&] { return ready; });
  lock.unlock();
  if (!failure) return;
  thread_.join();
  std::rethrow_exception(failure);
}

Scheduler::~Scheduler() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  work_.notify_all();
  thread_.join();
}

void Scheduler::run(Job& job, const CancelToken& cancel, const std::function<void()>& on_news) {
  cancel.check();
  job.cancel_ = &cancel;
  std::unique_lock lock(mutex_);
  arrived_.push_back(&job);
  work_.notify_all();
  for (bool finished = false; !finished;) {
    job.changed_.wait(lock, [&] { return job.news_ || job.finished_; });
    job.news_ = false;
    finished = job.finished_;
    lock.unlock();
    if (on_news) on_news();
    lock.lock();
  }
  if (job.failure_) std::rethrow_exception(job.failure_);
}

void Scheduler::call(const std::function<void()>& body) {
  std::exception_ptr failure;
  bool done = false;
  std::condition_variable changed;
  const std::function<void()> kept = [&] {
    try {
      body();
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    done = true;
    changed.notify_all();
  };
  std::unique_lock lock(mutex_);
  calls_.push_back(&kept);
  work_.notify_all();
  changed.wait(lock, [&] { return done; });
  if (failure) std::rethrow_exception(failure);
}

void Scheduler::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  work_.notify_all();
}

void Scheduler::work() {
  std::unique_lock lock(mutex_);
  while (wait_for_work(lock)) {
    jobs_.insert(jobs_.end(), arrived_.begin(), arrived_.end());
    arrived_.clear();
    const auto calls = std::exchange(calls_, {});
    lock.unlock();
    for (const auto* call : calls) (*call)();
    cycle();
    lock.lock();
  }
}

/// False when the scheduler ends.
bool Scheduler::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const auto can_go_on = [](const Job* job) { return !job->waits() || job->cancel_->cancelled(); };
  work_.wait(lock, [&] {
    return stops_ || woken_ || !arrived_.empty() || !calls_.empty() || std::ranges::any_of(jobs_, can_go_on);
  });
  woken_ = false;
  return !stops_;
}

void Scheduler::cycle() {
  pass_.clear();
  planned_.clear();
  idle_.clear();
  answer_rows_ = 0;
  drop_cancelled();
  plan_jobs();
  answer_idle();
  tell();
  if (!planned_.empty()) run_pass();
}

void Scheduler::drop_cancelled() {
  const std::vector<Job*> jobs = jobs_;
  for (Job* job : jobs) {
    if (job->cancel_->cancelled()) finish(*job, std::make_exception_ptr(Cancelled()));
  }
}

void Scheduler::plan_jobs() {
  const std::vector<Job*> jobs = jobs_;
  for (Job* job : jobs) {
    if (job->answering() && !job->waits()) plan(*job, model::kPassRows);
  }
  answer_rows_ = pass_.rows();
  // Those that read share the rows, and take turns with what is left over.
  auto readers = std::ranges::count_if(jobs, [](const Job* job) { return !job->answering(); });
  std::int64_t left = reading_rows();
  Job* first = nullptr;
  for (Job* job : jobs) {
    if (job->answering() || job->waits()) continue;
    if (left <= 0) break;
    if (first == nullptr) first = job;
    const std::int64_t before = pass_.rows();
    plan(*job, std::max(left / readers--, std::min(left, kLeastRows)));
    left -= pass_.rows() - before;
  }
  const auto place = std::ranges::find(jobs_, first);
  if (place != jobs_.end()) std::rotate(place, place + 1, jobs_.end());
}

void Scheduler::plan(Job& job, std::int64_t most_rows) {
  const std::size_t entries = pass_.entries();
  try {
    (job.plan(pass_, most_rows) ? planned_ : idle_).push_back(&job);
  } catch (...) {
    pass_.take_back(entries);
    finish(job, std::current_exception());
  }
}

/// Rows of reading that the next pass may take.
std::int64_t Scheduler::reading_rows() const {
  if (seconds_per_row_ == 0) return model::kPassRows / 2;
  const double seconds = jobs_.size() > 1 ? kSharedSeconds : kAloneSeconds;
  const auto rows = static_cast<std::int64_t>(std::min(seconds / seconds_per_row_, 1e6));
  return std::clamp(rows, kLeastRows, model::kPassRows);
}

/// Logits for the jobs that had nothing to plan; those that go on get their rows into the pass.
void Scheduler::answer_idle() {
  std::vector<Job*> asking;
  for (Job* job : std::exchange(idle_, {})) {
    if (job->waits()) continue;
    if (job->hidden().empty())
      finish(*job, nullptr);
    else
      asking.push_back(job);
  }
  for (std::size_t first = 0; first < asking.size(); first += kMostLogits)
    take_logits(std::span(asking).subspan(first, std::min<std::size_t>(kMostLogits, asking.size() - first)));
}

void Scheduler::take_logits(std::span<Job*> jobs) {
  const auto width = static_cast<std::size_t>(model_->spec().width);
  const auto vocabulary = static_cast<std::size_t>(model_->spec().vocabulary);
  hidden_.resize(jobs.size() * width);
  logits_.resize(jobs.size() * vocabulary);
  for (std::size_t i = 0; i < jobs.size(); ++i)
    std::ranges::copy(jobs[i]->hidden(), hidden_.data() + i * width);
  model_->logits(hidden_.data(), std::ssize(jobs), logits_.data());
  std::vector<std::exception_ptr> failures(jobs.size());
  std::vector<char> goes_on(jobs.size(), 0);
  parallel_for(std::ssize(jobs), [&](std::int64_t number) {
    const auto i = static_cast<std::size_t>(number);
    const std::span<const float> logits(logits_.data() + i * vocabulary, vocabulary);
    try {
      model::Model::check_logits(logits);
      goes_on[i] = jobs[i]->take(logits) ? 1 : 0;
    } catch (...) {
      failures[i] = std::current_exception();
    }
  });
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (failures[i] || goes_on[i] == 0) {
      finish(*jobs[i], failures[i]);
      continue;
    }
    told_.push_back(jobs[i]);
    const std::int64_t before = pass_.rows();
    plan(*jobs[i], model::kPassRows);
    answer_rows_ += pass_.rows() - before;
  }
}

void Scheduler::run_pass() {
  const auto start = Clock::now();
  try {
    runner_.run(pass_, [this] {
      return std::ranges::all_of(planned_, [](const Job* job) { return job->cancel_->cancelled(); });
    });
  } catch (...) {
    for (Job* job : std::exchange(planned_, {})) finish(*job, std::current_exception());
    return;
  }
  note_time(std::chrono::duration<double>(Clock::now() - start).count());
  for (Job* job : std::exchange(planned_, {})) {
    try {
      job->took(pass_);
    } catch (...) {
      finish(*job, std::current_exception());
      continue;
    }
    if (!job->answering()) told_.push_back(job);  // of an answer, a token is news
  }
  tell();
}

/// What a row of reading takes, from a pass's time.
void Scheduler::note_time(double seconds) {
  const std::int64_t read = pass_.rows() - answer_rows_;
  if (read == 0) answer_seconds_ = seconds;
  if (read < kMeasuredRows) return;
  const double reading = answer_rows_ > 0 ? std::max(0.0, seconds - answer_seconds_) : seconds;
  seconds_per_row_ = reading / static_cast<double>(read);
}

/// All at once: those that wake up want the lock as well.
void Scheduler::tell() {
  if (told_.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (Job* job : told_) job->news_ = true;
  }
  for (Job* job : std::exchange(told_, {})) job->changed_.notify_all();
}

void Scheduler::finish(Job& job, std::exception_ptr failure) {
  std::erase(jobs_, &job);
  std::erase(planned_, &job);
  std::erase(told_, &job);
  const std::lock_guard lock(mutex_);
  job.failure_ = std::move(failure);
  job.finished_ = true;
  job.changed_.notify_all();  // under the lock: the job may be gone right after
}

}  // namespace focusllm
