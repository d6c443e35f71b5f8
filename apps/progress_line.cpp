#include "progress_line.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "terminal.h"

namespace focusllm::cli {

ProgressLine::ProgressLine(std::string verb) : verb_(std::move(verb)), terminal_(stderr_is_terminal()) {}

void ProgressLine::show(const Progress& progress) {
  if (!terminal_) return;
  const std::int64_t total = total_ > 0 ? std::max(total_, progress.done) : progress.total;
  std::string line = fmt::format("{} {}", verb_, grouped(progress.done));
  if (total > 0)
    line += fmt::format(" of {} tokens, {} %", grouped(total), 100 * std::min(progress.done, total) / total);
  else
    line += " tokens";
  if (progress.done > 0 && progress.seconds > 0) {
    line += ", " + format_rate(progress.done, progress.seconds);
    if (total > progress.done)
      line += fmt::format(", {} left",
                          format_seconds(progress.seconds * static_cast<double>(total - progress.done) /
                                         static_cast<double>(progress.done)));
  }
  show_line(line);
  shown_ = true;
}

void ProgressLine::clear() {
  if (shown_) show_line("");
  shown_ = false;
}

std::string grouped(std::int64_t value) {
  const std::string digits = std::to_string(value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0 && digits[i - 1] != '-') text += ',';
    text += digits[i];
  }
  return text;
}

std::string format_seconds(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

std::string format_rate(std::int64_t tokens, double seconds) {
  return fmt::format("{:.0f} tokens/s", seconds > 0 ? static_cast<double>(tokens) / seconds : 0.0);
}

}  // namespace focusllm::cli
