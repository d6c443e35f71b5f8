#include "data/random.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace focusllm::data {
namespace {

std::seed_seq sequence(std::initializer_list<std::uint64_t> seeds) {
  std::vector<std::uint32_t> words;
  for (const std::uint64_t seed : seeds) {
    words.push_back(static_cast<std::uint32_t>(seed));
    words.push_back(static_cast<std::uint32_t>(seed >> 32));
  }
  return {words.begin(), words.end()};
}

}  // namespace

Random::Random(std::initializer_list<std::uint64_t> seeds) {
  auto words = sequence(seeds);
  engine_.seed(words);
}

std::int64_t Random::below(std::int64_t count) {
  const auto bound = static_cast<std::uint64_t>(std::max<std::int64_t>(count, 1));
  const std::uint64_t whole =
      std::mt19937_64::max() - std::mt19937_64::max() % bound;  // a multiple of the bound
  std::uint64_t value = engine_();
  while (value >= whole) value = engine_();
  return static_cast<std::int64_t>(value % bound);
}

std::int64_t Random::log_in(Range range) {
  const double low = std::log(static_cast<double>(std::max<std::int64_t>(range.least, 1)));
  const double high = std::log(static_cast<double>(range.most) + 1);
  const auto value = static_cast<std::int64_t>(std::exp(low + unit() * (high - low)));
  return std::clamp(value, range.least, range.most);
}

double Random::unit() {
  return static_cast<double>(engine_() >> 11) * 0x1p-53;
}

std::size_t Random::weighted(std::span<const double> weights) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  double left = unit() * sum;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    left -= weights[i];
    if (left < 0 && weights[i] > 0) return i;
  }
  std::size_t last = weights.size() - 1;  // rounding: the last one that counts
  while (last > 0 && !(weights[last] > 0)) --last;
  return last;
}

}  // namespace focusllm::data
