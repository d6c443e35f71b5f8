#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace focusllm {

/// Open addressing from 64-bit keys to small values; made once for a known number of entries, then only read.
/// The key of all ones is not available.
template <typename Value>
class FlatMap {
 public:
  explicit FlatMap(std::size_t entries = 0)
      : slots_(std::bit_ceil(2 * entries + 2)), shift_(64 - std::countr_zero(slots_.size())) {}

  /// Keeps the first value of a key; grows when it must.
  Value& insert(std::uint64_t key, Value value) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    Slot& slot = slots_[place(key)];
    if (slot.key == kFree) {
      slot = {key, value};
      ++size_;
    }
    return slot.value;
  }
  /// Null if there is none.
  const Value* find(std::uint64_t key) const {
    const Slot& slot = slots_[place(key)];
    return slot.key == kFree ? nullptr : &slot.value;
  }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};
  struct Slot {
    std::uint64_t key = kFree;
    Value value{};
  };

  std::size_t place(std::uint64_t key) const {
    std::size_t i = (key * 0x9e3779b97f4a7c15U) >> shift_;
    while (slots_[i].key != key && slots_[i].key != kFree) i = (i + 1) & (slots_.size() - 1);
    return i;
  }
  void grow() {
    FlatMap larger(slots_.size());
    for (const Slot& slot : slots_) {
      if (slot.key != kFree) larger.insert(slot.key, slot.value);
    }
    *this = std::move(larger);
  }

  std::vector<Slot> slots_;
  int shift_;
  std::size_t size_ = 0;
};

}  // namespace focusllm
