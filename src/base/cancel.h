#pragma once

#include <atomic>

#include "base/error.h"

namespace focusllm {

/// A flag that another thread or a signal handler raises to stop long work. Thread-safe; async-signal-safe to
/// raise.
class CancelToken {
 public:
  void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  void reset() noexcept { cancelled_.store(false, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }
  /// Throws Cancelled if the flag is up.
  void check() const {
    if (cancelled()) throw Cancelled();
  }

 private:
  std::atomic<bool> cancelled_{false};
};

}  // namespace focusllm
