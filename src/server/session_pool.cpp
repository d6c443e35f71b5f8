#include "server/session_pool.h"

#include <algorithm>
#include <utility>

namespace focusllm::server {
namespace {

constexpr std::int64_t kSmallShare = 16;  // a session with less than this part of the memory is small
constexpr std::int64_t kSmallRoom = 4;    // small ones together have at most this part

}  // namespace

struct SessionPool::Kept {
  Kept(std::string the_key, Session the_session, std::shared_ptr<Kept> the_parent)
      : key(std::move(the_key)), session(std::move(the_session)), parent(std::move(the_parent)) {
    const std::int64_t shared = parent ? parent->session_bytes : 0;
    session_bytes = session.memory_bytes();
    bytes = std::max<std::int64_t>(0, session_bytes - shared) + static_cast<std::int64_t>(key.size());
  }

  const std::string key;
  std::mutex mutex;  ///< held while the session is forked or taken; before the pool's own
  Session session;
  bool taken = false;            ///< the session has gone to somebody
  std::shared_ptr<Kept> parent;  ///< that it shares memory with, which stays as long as this does
  std::int64_t session_bytes = 0;
  std::int64_t bytes = 0;  ///< its own
  int children = 0;        ///< in the pool
};

bool SessionPool::small(const Kept& kept) const {
  return kept.bytes < most_bytes_ / kSmallShare;
}

std::shared_ptr<SessionPool::Kept> SessionPool::longest(std::string_view wanted) {
  std::shared_ptr<Kept> best;
  for (const auto& kept : kept_) {
    if (best && kept->key.size() <= best->key.size()) continue;
    if (wanted.starts_with(kept->key)) best = kept;
  }
  return best;
}

/// Used now, and so is what it stands on: that goes later.
void SessionPool::touch(const std::shared_ptr<Kept>& kept) {
  for (auto each = kept; each; each = each->parent) {
    const auto place = std::ranges::find(kept_, each);
    if (place != kept_.end()) kept_.splice(kept_.end(), kept_, place);
  }
}

std::optional<SessionPool::Found> SessionPool::take(std::string_view wanted) {
  std::shared_ptr<Kept> kept;
  {
    const std::lock_guard lock(mutex_);
    kept = longest(wanted);
    if (!kept) return {};
    touch(kept);
  }
  const std::lock_guard own(kept->mutex);
  if (kept->taken) return {};
  if (auto fork = kept->session.fork()) return Found{std::move(*fork), kept->key.size(), kept};
  kept->taken = true;
  const std::lock_guard lock(mutex_);
  const auto place = std::ranges::find(kept_, kept);
  if (place != kept_.end()) remove(place);
  return Found{std::move(kept->session), kept->key.size(), nullptr};
}

std::shared_ptr<SessionPool::Kept> SessionPool::put(std::string key, Session session,
                                                    std::shared_ptr<Kept> from) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(kept_, from) == kept_.end()) from = nullptr;  // what it shared is its own now
  auto kept = std::make_shared<Kept>(std::move(key), std::move(session), std::move(from));
  const auto same = std::ranges::find_if(kept_, [&](const auto& other) { return other->key == kept->key; });
  if (same != kept_.end()) {
    auto older = *same;
    touch(older);
    if (older->children > 0) return older;
    remove(std::ranges::find(kept_, older));
  }
  const bool is_small = small(*kept);
  bytes_ += kept->bytes;
  if (is_small) small_bytes_ += kept->bytes;
  if (kept->parent) ++kept->parent->children;
  kept_.push_back(kept);
  touch(kept);
  make_room(is_small);
  return kept;
}

void SessionPool::remove(Place place) {
  const auto kept = *place;
  bytes_ -= kept->bytes;
  if (small(*kept)) small_bytes_ -= kept->bytes;
  if (kept->parent) --kept->parent->children;
  kept_.erase(place);
}

bool SessionPool::drop(bool only_small) {
  const auto place = std::ranges::find_if(
      kept_, [&](const auto& kept) { return kept->children == 0 && (!only_small || small(*kept)); });
  if (place == kept_.end()) return false;
  remove(place);
  return true;
}

void SessionPool::make_room(bool for_small) {
  while (small_bytes_ > most_bytes_ / kSmallRoom && drop(true)) {
  }
  while (bytes_ > most_bytes_ && drop(for_small)) {
  }
}

bool SessionPool::drop_oldest() {
  const std::lock_guard lock(mutex_);
  return drop(false);
}

void SessionPool::clear() {
  while (drop_oldest()) {
  }
}

std::int64_t SessionPool::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::int64_t SessionPool::count() const {
  const std::lock_guard lock(mutex_);
  return std::ssize(kept_);
}

}  // namespace focusllm::server
