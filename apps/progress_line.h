#pragma once

#include <cstdint>
#include <string>

#include "focusllm/progress.h"

namespace focusllm::cli {

/// One line on standard error that is written over and over: tokens done, rate, time left. Nothing on a pipe.
class ProgressLine {
 public:
  /// `verb` begins the line: "reading".
  explicit ProgressLine(std::string verb);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// What is known to be coming; counts instead of the total that the work itself tells.
  void expect(std::int64_t total) { total_ = total; }
  void show(const Progress& progress);
  void clear();

 private:
  std::string verb_;
  std::int64_t total_ = 0;
  bool terminal_;
  bool shown_ = false;
};

/// 1234567 as "1,234,567".
std::string grouped(std::int64_t value);
/// "45 s", "3:05 min", "2:10 h".
std::string format_seconds(double seconds);
std::string format_rate(std::int64_t tokens, double seconds);  ///< "812 tokens/s"

}  // namespace focusllm::cli
