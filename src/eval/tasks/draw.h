#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "eval/chance.h"

namespace focusllm::eval {

/// A number of so many digits, the first not 0.
std::string draw_number(Chance& chance, int digits);
/// So many letters, each from `first` to `last`.
std::string draw_letters(Chance& chance, int count, char first, char last);
/// A random UUID (version 4, lower case).
std::string draw_uuid(Chance& chance);
/// So many of 0 to 1, ascending.
std::vector<double> draw_places(Chance& chance, std::size_t count);
/// So many different results of `draw`. It must be able to give many more.
std::vector<std::string> draw_different(std::size_t count, const std::function<std::string()>& draw);

/// Every order is as likely as any other.
template <typename T>
void shuffle(Chance& chance, std::vector<T>& items) {
  for (std::size_t i = items.size(); i > 1; --i) {
    std::swap(items[i - 1],
              items[static_cast<std::size_t>(chance.between(0, static_cast<std::int64_t>(i) - 1))]);
  }
}

/// The largest number from `low` to `high` for which `fits` holds, if it holds up to some number and not
/// above it; low - 1 if for none. A number for which it does not hold is never the result.
std::int64_t largest_that_fits(std::int64_t low, std::int64_t high,
                               const std::function<bool(std::int64_t)>& fits);

}  // namespace focusllm::eval
