#pragma once

#include <cstdint>
#include <random>

namespace focusllm::eval {

/// Random numbers that are the same with every standard library.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}
  /// From `low` to `high`, both included. The bias of the remainder is below 2^-40 for ranges under 2^24.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace focusllm::eval
