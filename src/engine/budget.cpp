#include "engine/budget.h"

#include <algorithm>

#include "base/memory.h"

namespace focusllm {

std::unique_ptr<Budget::Grant> Budget::admit(
    const std::function<std::int64_t(std::int64_t free, std::int64_t promised)>& choose) {
  const std::lock_guard lock(mutex_);
  const std::int64_t bytes = choose(available_memory() - promised_, promised_);
  auto grant = std::make_unique<Grant>(*this, bytes);
  promised_ += bytes;
  return grant;
}

std::int64_t Budget::promised() const {
  const std::lock_guard lock(mutex_);
  return promised_;
}

std::int64_t Budget::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

Budget::Grant::~Grant() {
  const std::lock_guard lock(budget_.mutex_);
  budget_.promised_ -= open_;
  budget_.held_ -= held_;
}

void Budget::Grant::hold(std::int64_t bytes) {
  const std::lock_guard lock(budget_.mutex_);
  const std::int64_t more = std::clamp<std::int64_t>(bytes - held_, 0, open_);  // it was promised
  open_ -= more;
  budget_.promised_ -= more;
  budget_.held_ += bytes - held_;
  held_ = bytes;
}

}  // namespace focusllm
