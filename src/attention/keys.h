#pragma once

#include "attention/partial.h"

// Which keys the rows of a problem see, as slices of its runs.

namespace focusllm::attention {

/// Key positions: first <= position < last.
struct PositionRange {
  std::int64_t first = std::numeric_limits<std::int64_t>::min();
  std::int64_t last = std::numeric_limits<std::int64_t>::max();
};
/// The positions whose keys the row sees. Both ends never decrease from row to row, as positions do not.
PositionRange seen_by(const Problem& problem, std::int64_t row);
/// The positions whose keys any of the rows [first, last] sees.
inline PositionRange seen_by_any(const Problem& problem, std::int64_t first, std::int64_t last) {
  return {seen_by(problem, first).first, seen_by(problem, last).last};
}

/// Tokens [begin, begin + count) of a run.
struct Slice {
  const KvRun* run = nullptr;
  std::int64_t begin = 0;
  std::int64_t count = 0;
  std::int64_t column = 0;  ///< where `begin` stands among all keys of all runs, visible or not
};

/// The keys inside a position range, in the order of the runs.
std::int64_t count_keys(const Problem& problem, PositionRange range);

/// Walks those keys from the `from`-th up to (without) the `to`-th.
class KeyCursor {
 public:
  KeyCursor(const Problem& problem, PositionRange range, std::int64_t from, std::int64_t to);
  /// The next slice of at most `limit` keys; count 0 at the end.
  Slice next(std::int64_t limit);

 private:
  void find_keys();

  std::span<const KvRun> runs_;
  PositionRange range_;
  std::int64_t left_;  // keys still to hand out
  std::size_t run_ = 0;
  std::int64_t column_ = 0;  // of the run's first token
  std::int64_t token_ = 0;   // next one in the run
  std::int64_t end_ = 0;     // of the visible tokens of the run
};

/// The visible part of `count` keys at consecutive positions, as indices [first, last).
struct IndexRange {
  int first = 0;
  int last = 0;
};
IndexRange inside(PositionRange range, std::int64_t position, int count);

/// Where tokens from `token` on begin in the keys or values of a run's head.
const void* token_data(KvType type, const void* data, int dim, const KvRun& run, int kv_head,
                       std::int64_t token);
inline const float* token_scales(const float* scales, const KvRun& run, int kv_head, std::int64_t token) {
  return scales == nullptr ? nullptr : scales + kv_head * run.capacity + token;
}

}  // namespace focusllm::attention
