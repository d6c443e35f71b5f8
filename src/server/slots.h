#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>

namespace focusllm::server {

/// Who may work now: a number of requests, and others that wait in their order. Thread-safe.
class Slots {
 public:
  /// Of one request, until it goes. The slots outlive it.
  class Ticket {
   public:
    explicit Ticket(Slots& slots);
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket();
    /// Until it is this one's turn, or `stopped` says that nobody waits for it any more: false then.
    bool wait(const std::function<bool()>& stopped);
    /// Until another request has ended, for a second at most; false where no other one works.
    bool wait_for_another(const std::function<bool()>& stopped);

   private:
    Slots& slots_;
    std::int64_t number_;
  };
  Slots(int running, int waiting) : running_(running), waiting_(waiting) {}

  int running() const;
  int waiting() const;
  /// Those that wait look again whether they are stopped.
  void wake() { changed_.notify_all(); }

 private:
  int in_turn() const;

  const int running_, waiting_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t next_ = 0, ended_ = 0;
  std::set<std::int64_t> tickets_;  ///< the first running_ of them work
};

}  // namespace focusllm::server
