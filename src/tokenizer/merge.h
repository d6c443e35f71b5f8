#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace focusllm {

/// A run of bytes of the text that is or may become a token, in a doubly linked list. Size 0: merged into
/// another.
struct Symbol {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
  std::int32_t previous = -1;
  std::int32_t next = -1;
  std::int32_t id = -1;
};

/// What two neighbours become; the smallest rank merges first. id -1: they do not merge.
struct Merge {
  std::uint32_t rank = 0;
  std::int32_t id = -1;
};

/// Merges neighbours, the best pair first and of equal ones the leftmost, until none is left. O(n log n) in
/// the number of symbols. Keeps its memory between calls.
class PairMerger {
 public:
  std::vector<Symbol> symbols;

  void add(std::uint32_t begin, std::uint32_t size, std::int32_t id) {
    const auto index = static_cast<std::int32_t>(symbols.size());
    if (index > 0) symbols.back().next = index;
    symbols.push_back({begin, size, index - 1, -1, id});
  }

  /// `lookup(left, right)` gives the Merge of two symbols.
  template <typename Lookup>
  void run(Lookup&& lookup) {
    queue_.clear();
    for (std::int32_t i = 1; i < static_cast<std::int32_t>(symbols.size()); ++i) {
      if (const auto candidate = make(i - 1, i, lookup); candidate.id >= 0) queue_.push_back(candidate);
    }
    std::make_heap(queue_.begin(), queue_.end(), later);
    while (!queue_.empty()) {
      std::pop_heap(queue_.begin(), queue_.end(), later);
      const Candidate best = queue_.back();
      queue_.pop_back();
      if (!apply(best)) continue;
      offer(symbols[best.left()].previous, static_cast<std::int32_t>(best.left()), lookup);
      offer(static_cast<std::int32_t>(best.left()), symbols[best.left()].next, lookup);
    }
  }

 private:
  struct Candidate {
    std::uint64_t order = 0;  ///< rank, then the left symbol's index
    std::uint32_t right = 0;
    std::uint32_t size = 0;  ///< of both together: another one means that the pair is no more
    std::int32_t id = -1;
    std::uint32_t left() const { return static_cast<std::uint32_t>(order); }
  };
  static bool later(const Candidate& a, const Candidate& b) { return a.order > b.order; }

  template <typename Lookup>
  Candidate make(std::int32_t left, std::int32_t right, Lookup& lookup) const {
    const Symbol& a = symbols[static_cast<std::size_t>(left)];
    const Symbol& b = symbols[static_cast<std::size_t>(right)];
    const Merge merge = lookup(a, b);
    return {std::uint64_t{merge.rank} << 32 | static_cast<std::uint32_t>(left),
            static_cast<std::uint32_t>(right), a.size + b.size, merge.id};
  }

  template <typename Lookup>
  void offer(std::int32_t left, std::int32_t right, Lookup& lookup) {
    if (left < 0 || right < 0) return;
    const Candidate candidate = make(left, right, lookup);
    if (candidate.id < 0) return;
    queue_.push_back(candidate);
    std::push_heap(queue_.begin(), queue_.end(), later);
  }

  bool apply(const Candidate& candidate) {
    Symbol& left = symbols[candidate.left()];
    Symbol& right = symbols[candidate.right];
    if (left.size == 0 || right.size == 0 || left.size + right.size != candidate.size) return false;
    left.size += right.size;
    left.id = candidate.id;
    left.next = right.next;
    if (right.next >= 0)
      symbols[static_cast<std::size_t>(right.next)].previous = static_cast<std::int32_t>(candidate.left());
    right.size = 0;
    return true;
  }

  std::vector<Candidate> queue_;
};

}  // namespace focusllm
