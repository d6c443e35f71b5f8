#include "trainer/progress.h"

#include <algorithm>

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
  const std::string rate =
      seconds_ < 1 ? fmt::format("{:.1f} steps/s", 1 / seconds_) : fmt::format("{:.1f} s a step", seconds_);
  return fmt::format("step {} of {}, loss {:.3f}, now {}, {}, {:.1f} labels/s, {} left", done, total_, loss_,
                     losses_text(result.losses), rate, labels_ / seconds_,
                     format_seconds(seconds_ * static_cast<double>(total_ - done)));
}

void TrainProgress::step(std::int64_t done, const train::StepResult& result, double seconds) {
  const train::KindLoss all = all_of(result.losses);
  const bool first = done - first_ == 1;
  const auto take = [](double& mean, double value, double keep) { mean = keep * mean + (1 - keep) * value; };
  take(loss_, all.mean(), first ? 0 : kKeep);
  take(labels_, all.labels, done - first_ <= 2 ? 0 : kKeep);
  take(seconds_, std::max(seconds, 1e-9), done - first_ <= 2 ? 0 : kKeep);
  if (quiet_) return;
  if (terminal_) return doing(describe(done, result));
  const auto now = Clock::now();
  const bool due = std::chrono::duration<double>(now - last_report_).count() >= report_seconds_;
  if (!due && !first && done < total_) return;
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
