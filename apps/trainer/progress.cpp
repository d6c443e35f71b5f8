#include "trainer/progress.h"

#include <fmt/format.h>

#include "progress_line.h"
#include "terminal.h"
#include "trainer/metrics.h"

namespace focusllm::cli {
namespace {

constexpr double kKeep = 0.9;  ///< of the running mean at each step

}  // namespace

TrainProgress::TrainProgress(std::int64_t first, std::int64_t total, double report_seconds, bool quiet)
    : first_(first),
      total_(total),
      report_seconds_(report_seconds),
      quiet_(quiet),
      terminal_(stderr_is_terminal()) {}

std::string TrainProgress::describe(std::int64_t done, const train::StepResult& result) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const auto steps = static_cast<double>(done - first_);
  const double left = seconds / steps * static_cast<double>(total_ - done);
  return fmt::format("step {} of {}, loss {:.3f}, now {}, {:.2f} steps/s, {:.0f} labels/s, {} left", done,
                     grouped(total_), loss_, losses_text(result.losses), steps / seconds, labels_ / seconds,
                     format_seconds(left));
}

void TrainProgress::step(std::int64_t done, const train::StepResult& result) {
  const train::KindLoss all = all_of(result.losses);
  labels_ += all.labels;
  loss_ = done - first_ == 1 ? all.mean() : kKeep * loss_ + (1 - kKeep) * all.mean();
  if (quiet_) return;
  if (terminal_) return doing(describe(done, result));
  const auto now = Clock::now();
  const bool due = std::chrono::duration<double>(now - last_report_).count() >= report_seconds_;
  if (!due && done - first_ > 1 && done < total_) return;
  last_report_ = now;
  err_line(describe(done, result));
}

void TrainProgress::say(const std::string& text) {
  if (quiet_) return;
  clear();
  err_line(text);
}

void TrainProgress::announce(const std::string& text) {
  if (terminal_) return doing(text + " ...");
  say(text);
}

void TrainProgress::doing(const std::string& text) {
  if (quiet_ || !terminal_) return;
  err("\r\x1b[K" + text);
  shown_ = true;
}

void TrainProgress::clear() {
  if (shown_) err("\r\x1b[K");
  shown_ = false;
}

}  // namespace focusllm::cli
