#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace focusllm::memory {

/// Values by the content they follow from. Keeps those that were used last, up to a number of bytes, as their
/// bytes() say. Thread-safe.
template <typename Value>
class ContentStore {
 public:
  explicit ContentStore(std::int64_t most_bytes) : most_bytes_(most_bytes) {}

  /// The value of a key, or null.
  std::shared_ptr<const Value> find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }
  void insert(std::string key, std::shared_ptr<const Value> value) {
    const std::lock_guard lock(mutex_);
    if (by_key_.contains(key)) return;
    bytes_ += value->bytes();
    entries_.push_front({key, std::move(value)});
    by_key_.emplace(std::move(key), entries_.begin());
    evict();
  }
  std::int64_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const Value> value;
  };
  void evict() {
    while (bytes_ > most_bytes_ && !entries_.empty()) {
      bytes_ -= entries_.back().value->bytes();
      by_key_.erase(entries_.back().key);
      entries_.pop_back();
    }
  }

  std::int64_t most_bytes_;
  std::int64_t bytes_ = 0;
  std::list<Entry> entries_;  ///< last used first
  std::unordered_map<std::string, typename std::list<Entry>::iterator> by_key_;
  mutable std::mutex mutex_;
};

}  // namespace focusllm::memory
