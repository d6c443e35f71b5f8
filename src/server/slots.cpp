#include "server/slots.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "server/api_error.h"

namespace focusllm::server {
namespace {

constexpr std::chrono::milliseconds kLook{200};  // for one that was stopped without wake()
constexpr std::chrono::seconds kAnother{1};      // two that wait for each other's memory look again

}  // namespace

Slots::Ticket::Ticket(Slots& slots) : slots_(slots) {
  const std::lock_guard lock(slots_.mutex_);
  if (std::ssize(slots_.tickets_) >= slots_.running_ + slots_.waiting_)
    throw overloaded(fmt::format("{} requests run and {} wait already: try again later", slots_.running_,
                                 slots_.waiting_));
  number_ = slots_.next_++;
  slots_.tickets_.insert(number_);
}

Slots::Ticket::~Ticket() {
  {
    const std::lock_guard lock(slots_.mutex_);
    slots_.tickets_.erase(number_);
    ++slots_.ended_;
  }
  slots_.changed_.notify_all();
}

bool Slots::Ticket::wait(const std::function<bool()>& stopped) {
  std::unique_lock lock(slots_.mutex_);
  for (;;) {
    if (stopped()) return false;
    const auto place = std::distance(slots_.tickets_.begin(), slots_.tickets_.find(number_));
    if (place < slots_.running_) return true;
    slots_.changed_.wait_for(lock, kLook);
  }
}

bool Slots::Ticket::wait_for_another(const std::function<bool()>& stopped) {
  std::unique_lock lock(slots_.mutex_);
  if (slots_.in_turn() < 2) return false;
  const auto until = std::chrono::steady_clock::now() + kAnother;
  for (const std::int64_t before = slots_.ended_; slots_.ended_ == before && !stopped();) {
    if (slots_.changed_.wait_for(lock, kLook) == std::cv_status::timeout &&
        std::chrono::steady_clock::now() >= until)
      break;
  }
  return true;
}

int Slots::in_turn() const {
  return static_cast<int>(std::min<std::ptrdiff_t>(std::ssize(tickets_), running_));
}

int Slots::running() const {
  const std::lock_guard lock(mutex_);
  return in_turn();
}

int Slots::waiting() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::ssize(tickets_)) - in_turn();
}

}  // namespace focusllm::server
