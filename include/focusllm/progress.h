#pragma once

#include <cstdint>
#include <functional>

namespace focusllm {

/// How far a long piece of work is. Called from the thread that waits for it, after each pass.
struct Progress {
  std::int64_t done = 0;   ///< tokens finished
  std::int64_t total = 0;  ///< tokens known to be needed so far
  double seconds = 0;      ///< since this work started
};
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace focusllm
