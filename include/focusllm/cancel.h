#pragma once

#include <atomic>

#include "focusllm/error.h"

namespace focusllm {

/// A flag that another thread or a signal handler raises to stop long work. Thread-safe; async-signal-safe to
/// raise.
class CancelToken {
 public:
  /// Counts as raised when `other` is, too; it outlives this. Null: none. Before other threads see this.
  void follow(const CancelToken* other) { other_ = other; }
  void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  void reset() noexcept { cancelled_.store(false, std::memory_order_relaxed); }
  bool cancelled() const noexcept {
    return cancelled_.load(std::memory_order_relaxed) || (other_ != nullptr && other_->cancelled());
  }
  /// Throws Cancelled if the flag is up.
  void check() const {
    if (cancelled()) throw Cancelled();
  }

 private:
  std::atomic<bool> cancelled_{false};
  const CancelToken* other_ = nullptr;
};

}  // namespace focusllm
