#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "focusllm/session.h"

namespace focusllm::server {

/// Sessions by what they have read, so that who asks on goes on from there. What was used longest ago goes
/// where they take more memory than they may; short ones make room among themselves, so that small requests
/// push out no long text. Thread-safe.
///
/// What was read is a string: of two requests, one goes on from the other where its string begins with the
/// other's (ReadingKey).
class SessionPool {
 public:
  struct Kept;
  /// A session that goes on from what was kept, and how much of the wanted string it has.
  struct Found {
    Session session;
    std::size_t read = 0;
    std::shared_ptr<Kept> from;  ///< what it shares memory with; null: nothing
  };

  explicit SessionPool(std::int64_t most_bytes) : most_bytes_(most_bytes) {}

  /// What has read most of the beginning of `wanted`: a fork of it, or, where the method has none, itself,
  /// which leaves the pool.
  std::optional<Found> take(std::string_view wanted);
  /// Keeps a session that has read `key`, which a request may go on from, and shares memory with `from`. Of
  /// two with the same key the newer one stays, unless others stand on the older. Gives the one that stays.
  std::shared_ptr<Kept> put(std::string key, Session session, std::shared_ptr<Kept> from = nullptr);
  /// Lets go of what was used longest ago; false where there is nothing.
  bool drop_oldest();
  void clear();

  std::int64_t bytes() const;
  std::int64_t count() const;

 private:
  using Place = std::list<std::shared_ptr<Kept>>::iterator;
  bool small(const Kept& kept) const;
  std::shared_ptr<Kept> longest(std::string_view wanted);
  void touch(const std::shared_ptr<Kept>& kept);
  void remove(Place place);
  bool drop(bool only_small);
  void make_room(bool for_small);

  const std::int64_t most_bytes_;
  mutable std::mutex mutex_;
  std::list<std::shared_ptr<Kept>> kept_;  ///< what was used last stands last
  std::int64_t bytes_ = 0, small_bytes_ = 0;
};

}  // namespace focusllm::server
