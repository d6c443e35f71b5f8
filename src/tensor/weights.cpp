#include "tensor/weights.h"

#include <algorithm>

#include "tensor/panel.h"

namespace focusllm {

Weights::Weights(std::span<const BlockMatrix> stack) : inputs_(stack.front().cols) {
  matrices_.reserve(stack.size());  // pieces point into it
  for (const BlockMatrix& source : stack) {
    Matrix& matrix = matrices_.emplace_back(Matrix{source, outputs_, std::nullopt});
    if (group_form(source.type).known) matrix.grouped.emplace(source);
    outputs_ += source.rows;
  }
  groups_ = pieces(kGroupChannels);
  panels_ = pieces(kPanelChannels);
}

std::vector<Weights::Piece> Weights::pieces(std::int64_t channels) const {
  std::vector<Piece> all;
  for (const Matrix& matrix : matrices_) {
    for (std::int64_t first = 0; first < matrix.source.rows; first += channels)
      all.push_back({&matrix, first, std::min(channels, matrix.source.rows - first)});
  }
  return all;
}

}  // namespace focusllm
