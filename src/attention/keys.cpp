#include "attention/keys.h"

#include <algorithm>
#include <utility>

namespace focusllm::attention {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

std::int64_t subtract(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return b > 0 ? kLowest : kHighest;
  return difference;
}

std::int64_t after(std::int64_t a) {
  return a == kHighest ? a : a + 1;
}

/// Tokens [first, last) of the run that lie in the range.
std::pair<std::int64_t, std::int64_t> tokens_inside(PositionRange range, const KvRun& run) {
  const std::int64_t first = std::clamp<std::int64_t>(subtract(range.first, run.position), 0, run.count);
  const std::int64_t last = std::clamp<std::int64_t>(subtract(range.last, run.position), 0, run.count);
  return {first, std::max(first, last)};
}

}  // namespace

PositionRange seen_by(const Problem& problem, std::int64_t row) {
  if (problem.positions == nullptr) return {};
  const std::int64_t position = problem.positions[row];
  PositionRange seen;  // min <= position - key < max
  if (problem.visible.max != kHighest) seen.first = after(subtract(position, problem.visible.max));
  if (problem.visible.min != kLowest) seen.last = after(subtract(position, problem.visible.min));
  return seen;
}

Columns columns_inside(const Problem& problem, PositionRange range) {
  Columns columns;
  std::int64_t column = 0;
  for (const KvRun& run : problem.runs) {
    const auto [first, last] = tokens_inside(range, run);
    if (first < last) {
      if (columns.last == 0) columns.first = column + first;
      columns.last = column + last;
    }
    column += run.count;
  }
  return columns;
}

KeyCursor::KeyCursor(const Problem& problem, Columns columns)
    : runs_(problem.runs), column_(columns.first), end_(columns.last), token_(columns.first) {
  skip_used_runs();
}

void KeyCursor::skip_used_runs() {
  while (column_ < end_ && token_ >= runs_[run_].count) token_ -= runs_[run_++].count;
}

Slice KeyCursor::next(std::int64_t limit) {
  if (column_ >= end_) return {};
  const KvRun& run = runs_[run_];
  const std::int64_t count = std::min({limit, end_ - column_, run.count - token_});
  const Slice slice{&run, token_, count, column_};
  column_ += count;
  token_ += count;
  skip_used_runs();
  return slice;
}

IndexRange inside(PositionRange range, std::int64_t position, int count) {
  const auto first = static_cast<int>(std::clamp<std::int64_t>(subtract(range.first, position), 0, count));
  const auto last = static_cast<int>(std::clamp<std::int64_t>(subtract(range.last, position), 0, count));
  return {first, std::max(first, last)};
}

const void* token_data(KvType type, const void* data, int dim, const KvRun& run, int kv_head,
                       std::int64_t token) {
  const std::int64_t bytes = type == KvType::f32 ? 4 : type == KvType::bf16 ? 2 : 1;
  return static_cast<const char*>(data) + (kv_head * run.capacity + token) * dim * bytes;
}

}  // namespace focusllm::attention
