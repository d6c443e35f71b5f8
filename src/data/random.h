#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <span>
#include <utility>

namespace focusllm::data {

/// Lengths from `least` to `most`, both included.
struct Range {
  std::int64_t least = 0, most = 0;
  bool operator==(const Range&) const = default;
};

/// Random numbers that follow from their seeds alone, on every machine and with every standard library (whose
/// distributions differ; its generators do not). Not thread-safe.
class Random {
 public:
  /// Every list of seeds begins a sequence of its own.
  Random(std::initializer_list<std::uint64_t> seeds);

  /// In [0, count); count is at least 1.
  std::int64_t below(std::int64_t count);
  std::int64_t in(Range range) { return range.least + below(range.most - range.least + 1); }
  /// In the range, every power of two as likely as the next: short lengths are as well known as long ones.
  std::int64_t log_in(Range range);
  double unit();  ///< in [0, 1)
  bool chance(double probability) { return unit() < probability; }
  /// Index of a weight, as often as its share of their sum.
  std::size_t weighted(std::span<const double> weights);
  template <typename List>
  const auto& pick(const List& list) {
    return list[static_cast<std::size_t>(below(static_cast<std::int64_t>(std::size(list))))];
  }
  template <typename T>
  void shuffle(std::span<T> list) {
    for (std::size_t i = list.size(); i > 1; --i)
      std::swap(list[i - 1], list[static_cast<std::size_t>(below(static_cast<std::int64_t>(i)))]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace focusllm::data
