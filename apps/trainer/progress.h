#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "train/trainer.h"

namespace focusllm::cli {

/// How training goes, on standard error: on a terminal one line that is written over at each step, else a
/// line now and then.
class TrainProgress {
 public:
  /// Steps [first, total) are to be done. `quiet`: says nothing (another rank does).
  TrainProgress(std::int64_t first, std::int64_t total, double report_seconds, bool quiet);
  ~TrainProgress() { clear(); }
  TrainProgress(const TrainProgress&) = delete;
  TrainProgress& operator=(const TrainProgress&) = delete;

  /// `seconds`: what the step took.
  void step(std::int64_t done, const train::StepResult& result, double seconds);
  /// A line that stays.
  void say(const std::string& text);
  /// What begins now: a line where nobody watches, for a terminal as doing().
  void announce(const std::string& text);
  /// What is being done that takes a while: shown on a terminal only.
  void doing(const std::string& text);

 private:
  void clear();
  std::string describe(std::int64_t done, const train::StepResult& result) const;

  using Clock = std::chrono::steady_clock;
  std::int64_t first_, total_;
  double report_seconds_;
  bool quiet_, terminal_, shown_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_report_ = start_;
  // Running means over about ten steps: single ones jump, and the first takes long.
  double loss_ = 0, labels_ = 0, seconds_ = 0;
};

}  // namespace focusllm::cli
