#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace focusllm::server {

/// Notices when clients leave while their requests are worked on, in a thread of its own. Thread-safe.
class Watcher {
 public:
  Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher();
  /// As if all clients left.
  void leave_all();

  /// While it stands, `on_left` is called once if the socket's other end is closed, by the watcher's thread.
  class Watch {
   public:
    Watch(Watcher& watcher, int socket, std::function<void()> on_left);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

   private:
    friend class Watcher;
    Watcher& watcher_;
    const int socket_;
    std::uint64_t number_ = 0;  ///< of this watch alone: numbers of sockets are used again
    std::function<void()> on_left_;
    bool told_ = false;
  };

 private:
  void run();
  void tell(Watch& watch);
  void wake();

  std::mutex mutex_;  ///< held while on_left is called, so that a watch that has gone is not called
  std::list<Watch*> watches_;
  std::uint64_t next_ = 0;
  bool stops_ = false;
  int wake_ = -1;  ///< an eventfd
  std::thread thread_;
};

}  // namespace focusllm::server
