#include "attention/keys.h"

#include <algorithm>
#include <tuple>

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

std::int64_t count_keys(const Problem& problem, PositionRange range) {
  std::int64_t keys = 0;
  for (const KvRun& run : problem.runs) {
    const auto [first, last] = tokens_inside(range, run);
    keys += last - first;
  }
  return keys;
}

KeyCursor::KeyCursor(const Problem& problem, PositionRange range, std::int64_t from, std::int64_t to)
    : runs_(problem.runs), range_(range), left_(to - from) {
  if (runs_.empty()) {
    left_ = 0;
    return;
  }
  std::tie(token_, end_) = tokens_inside(range_, runs_[0]);
  for (std::int64_t skip = from; skip > 0 && left_ > 0;) {
    find_keys();
    const std::int64_t step = std::min(skip, end_ - token_);
    token_ += step;
    skip -= step;
  }
}

void KeyCursor::find_keys() {
  while (token_ == end_) {
    column_ += runs_[run_].count;
    if (++run_ == runs_.size()) {
      left_ = 0;
      --run_;
      return;
    }
    std::tie(token_, end_) = tokens_inside(range_, runs_[run_]);
  }
}

Slice KeyCursor::next(std::int64_t limit) {
  if (left_ > 0) find_keys();
  if (left_ <= 0) return {};
  const std::int64_t count = std::min({limit, left_, end_ - token_});
  const Slice slice{&runs_[run_], token_, count, column_ + token_};
  token_ += count;
  left_ -= count;
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
