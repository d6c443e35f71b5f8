#include "model/rows.h"

#include <algorithm>

namespace focusllm::model {

Rows Rows::wanted_only() const {
  Rows some;
  auto candidate = candidates.begin();
  for (const std::int64_t row : wanted) {
    const auto at = static_cast<std::size_t>(row);
    candidate = std::find_if(candidate, candidates.end(), [&](std::int64_t each) { return each >= row; });
    if (candidate != candidates.end() && *candidate == row) some.candidates.push_back(some.size());
    some.wanted.push_back(some.size());
    some.add(tokens[at], positions[at], uses[at]);
  }
  return some;
}

}  // namespace focusllm::model
