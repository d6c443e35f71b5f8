#include "model/rows.h"

#include <algorithm>

namespace focusllm::model {

void Rows::cut(std::int64_t row) {
  const auto left = static_cast<std::size_t>(row);
  tokens.resize(left);
  positions.resize(left);
  uses.resize(left, Use::read);
  ends.resize(left);
  std::erase_if(candidates, [&](std::int64_t each) { return each >= row; });
}

std::vector<std::int64_t> Rows::behind(int layer, int layers) const {
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < ends.size(); ++row) {
    if (!ends_by(ends[row], layer, layers)) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

Rows Rows::only(std::span<const std::int64_t> rows) const {
  Rows some;
  auto candidate = candidates.begin();
  for (const std::int64_t row : rows) {
    const auto at = static_cast<std::size_t>(row);
    candidate = std::find_if(candidate, candidates.end(), [&](std::int64_t each) { return each >= row; });
    if (candidate != candidates.end() && *candidate == row) some.candidates.push_back(some.size());
    some.add(tokens[at], positions[at], uses[at], ends[at]);
  }
  return some;
}

}  // namespace focusllm::model
