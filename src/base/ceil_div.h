#pragma once

#include <cstdint>

namespace focusllm {

/// How many parts of `part` hold `whole`; both at least 0, `part` at least 1.
constexpr std::int64_t ceil_div(std::int64_t whole, std::int64_t part) {
  return whole / part + (whole % part != 0 ? 1 : 0);
}

}  // namespace focusllm
