#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

namespace focusllm {

class Engine;

/// The memory of an engine's sessions: what each was promised when it was admitted, and what it holds of
/// that. What was promised is there when it is needed, so that a text that was admitted is read to its end,
/// whatever is admitted beside it. Thread-safe.
class Budget {
 public:
  class Grant;

  /// Admits a session. `choose` is told how many bytes can be had and how many of the free ones are promised
  /// to others; it gives the session's need, or throws, and then nothing is promised.
  std::unique_ptr<Grant> admit(
      const std::function<std::int64_t(std::int64_t free, std::int64_t promised)>& choose);
  /// Promised to sessions, and not held by them yet.
  std::int64_t promised() const;
  /// Held by sessions, as they said last.
  std::int64_t held() const;

 private:
  mutable std::mutex mutex_;
  std::int64_t promised_ = 0, held_ = 0;
};

/// What one session was promised, until this goes. The budget outlives it.
class Budget::Grant {
 public:
  Grant(Budget& budget, std::int64_t bytes) : budget_(budget), open_(bytes) {}
  Grant(const Grant&) = delete;
  Grant& operator=(const Grant&) = delete;
  ~Grant();
  /// The session holds so many bytes now.
  void hold(std::int64_t bytes);

 private:
  Budget& budget_;
  std::int64_t open_;  ///< of what was promised, not held yet
  std::int64_t held_ = 0;
};

}  // namespace focusllm
