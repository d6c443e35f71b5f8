#include "server/watcher.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"

namespace focusllm::server {

Watcher::Watcher() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0) fail("no event descriptor: {}", std::strerror(errno));
  thread_ = std::thread([this] { run(); });
}

Watcher::~Watcher() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  wake();
  thread_.join();
  ::close(wake_);
}

void Watcher::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

void Watcher::run() {
  std::vector<pollfd> sockets;
  std::vector<std::uint64_t> numbers;  // of the watches
  for (;;) {
    sockets.assign(1, {wake_, POLLIN, 0});
    numbers.assign(1, 0);
    {
      const std::lock_guard lock(mutex_);
      if (stops_) return;
      for (const Watch* watch : watches_) {
        if (watch->told_) continue;
        sockets.push_back({watch->socket_, POLLRDHUP, 0});
        numbers.push_back(watch->number_);
      }
    }
    if (::poll(sockets.data(), sockets.size(), -1) <= 0) continue;
    std::uint64_t ignored = 0;
    [[maybe_unused]] const ssize_t count = ::read(wake_, &ignored, sizeof ignored);
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 1; i < sockets.size(); ++i) {
      const auto watch = std::ranges::find(watches_, numbers[i], &Watch::number_);
      if (sockets[i].revents != 0 && watch != watches_.end()) tell(**watch);
    }
  }
}

void Watcher::tell(Watch& watch) {
  if (!std::exchange(watch.told_, true)) watch.on_left_();
}

void Watcher::leave_all() {
  const std::lock_guard lock(mutex_);
  for (Watch* watch : watches_) tell(*watch);
}

Watcher::Watch::Watch(Watcher& watcher, int socket, std::function<void()> on_left)
    : watcher_(watcher), socket_(socket), on_left_(std::move(on_left)) {
  {
    const std::lock_guard lock(watcher_.mutex_);
    number_ = ++watcher_.next_;
    watcher_.watches_.push_back(this);
  }
  watcher_.wake();
}

Watcher::Watch::~Watch() {
  const std::lock_guard lock(watcher_.mutex_);
  watcher_.watches_.remove(this);
}

}  // namespace focusllm::server
