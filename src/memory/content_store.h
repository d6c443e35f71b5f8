#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace focusllm::memory {

/// Values by what they follow from: `*value.key()` is a Key, found by its hash() and compared. Holds those
/// that were used last, up to a number of bytes, keys included, and never more: one that is larger is not
/// held. What it does not hold is known, and found, as long as somebody else holds it. Thread-safe.
template <typename Key, typename Value>
class ContentStore {
 public:
  using Pointer = std::shared_ptr<const Value>;

  /// 0: holds nothing.
  explicit ContentStore(std::int64_t most_bytes) : most_bytes_(most_bytes) {}

  /// The value of a key, or null.
  Pointer find(const Key& key) {
    const std::string hash = key.hash();
    const std::lock_guard lock(mutex_);
    return find(hash, key);
  }
  /// Where the key has a value already, that one stays.
  void insert(const Pointer& value) {
    const Key& key = *value->key();
    std::string hash = key.hash();
    const std::lock_guard lock(mutex_);
    if (find(hash, key)) return;
    forget_expired();
    use(known_.emplace(std::move(hash), Known{value, held_.end()})->second, value);
  }
  /// Of the values that it holds.
  std::int64_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }
  /// Of those that anybody holds.
  std::int64_t bytes_in_use() const {
    const std::lock_guard lock(mutex_);
    std::int64_t bytes = 0;
    for (const auto& [hash, known] : known_) {
      if (const Pointer value = known.value.lock()) bytes += bytes_of(*value);
    }
    return bytes;
  }

 private:
  struct Known;
  struct Held {
    Pointer value;
    Known* known;
  };
  struct Known {
    std::weak_ptr<const Value> value;
    typename std::list<Held>::iterator held;  ///< the end: by others alone, if at all
  };

  static std::int64_t bytes_of(const Value& value) { return value.bytes() + value.key()->bytes(); }

  Pointer find(const std::string& hash, const Key& key) {
    const auto [begin, end] = known_.equal_range(hash);
    for (auto entry = begin; entry != end; ++entry) {
      Pointer value = entry->second.value.lock();
      if (!value || !(*value->key() == key)) continue;
      use(entry->second, value);
      return value;
    }
    return nullptr;
  }
  void use(Known& known, const Pointer& value) {
    if (known.held != held_.end()) return held_.splice(held_.begin(), held_, known.held);
    const std::int64_t bytes = bytes_of(*value);
    if (bytes > most_bytes_) return;
    while (bytes_ > most_bytes_ - bytes) let_go();
    bytes_ += bytes;
    held_.push_front({value, &known});
    known.held = held_.begin();
  }
  /// Looked for as often as there are twice as many, so that an insertion costs the same however many there
  /// are.
  void forget_expired() {
    if (known_.size() < most_known_) return;
    std::erase_if(known_, [](const auto& entry) { return entry.second.value.expired(); });
    most_known_ = std::max(kLeastKnown, 2 * known_.size());
  }
  void let_go() {
    const Held& last = held_.back();
    bytes_ -= bytes_of(*last.value);
    last.known->held = held_.end();
    held_.pop_back();
  }

  static constexpr std::size_t kLeastKnown = 64;

  std::int64_t most_bytes_;
  std::int64_t bytes_ = 0;
  std::list<Held> held_;                               ///< last used first
  std::unordered_multimap<std::string, Known> known_;  ///< by hash
  std::size_t most_known_ = kLeastKnown;               ///< before those that nobody holds are forgotten
  mutable std::mutex mutex_;
};

}  // namespace focusllm::memory
