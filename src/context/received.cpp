#include "context/received.h"

#include <algorithm>
#include <numeric>

namespace focusllm::context {

std::vector<std::size_t> by_focus(std::span<const Received> places) {
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), 0);
  std::erase_if(order, [&](std::size_t i) { return !(places[i].focus > 0); });
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return places[a].focus > places[b].focus; });
  return order;
}

void last_row_shares(const attention::Block& block, std::span<const attention::KvRun> runs, std::int64_t keys,
                     std::vector<float>& shares) {
  const auto& shape = block.shape;
  const std::int64_t row = block.rows - 1;
  attention::Block last = block;
  last.rows = 1;
  attention::Part part = block.parts.front();
  part.queries += row * shape.heads * shape.dim;
  part.positions += row;
  part.runs = runs;
  shares.assign(static_cast<std::size_t>(shape.heads * keys), 0.0F);
  attention::column_sums(last, part, block.lse + row * shape.heads, shares.data(), keys);
}

}  // namespace focusllm::context
