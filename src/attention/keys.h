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

/// Keys [first, last) of all runs side by side.
struct Columns {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
/// From the first key that lies in the range to the last one, those between them that do not included;
/// {0, 0} where there is none.
Columns columns_inside(const Problem& problem, PositionRange range);

/// Walks the keys of some columns, visible or not. Where slices begin and end follows from the runs and the
/// steps that the caller asks for, not from where it starts.
class KeyCursor {
 public:
  KeyCursor(const Problem& problem, Columns columns);
  std::int64_t column() const { return column_; }
  /// The next one's place in its run; at the end 0.
  std::int64_t token() const { return token_; }
  /// The next slice of at most `limit` keys; count 0 at the end.
  Slice next(std::int64_t limit);

 private:
  void skip_used_runs();

  std::span<const KvRun> runs_;
  std::int64_t column_;  // of the next key
  std::int64_t end_;
  std::size_t run_ = 0;
  std::int64_t token_;  // of the next key in its run
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
