#include "model/rotations.h"

#include <algorithm>

namespace focusllm::model {
namespace {

constexpr std::int64_t kParallelRows = 16;  // fewer are done sooner than threads start

}  // namespace

Rotations::Rotations(const Model& model, std::span<const std::int64_t> positions)
    : model_(&model), constant_(positions.size() == 1) {
  for (const Rope& rope : model.ropes()) tables_.push_back(rope.table(positions));
}

void Rotations::rotate(int layer, const float* x, int heads, std::int64_t index, float* out) const {
  const Spec& spec = model_->spec();
  if (const auto rope = spec.layer(layer).rope) {
    const auto i = static_cast<std::size_t>(*rope);
    model_->ropes()[i].rotate(x, heads, spec.heads.dim, tables_[i], index, out);
  } else if (out != x) {
    std::copy_n(x, std::int64_t{heads} * spec.heads.dim, out);
  }
}

void Rotations::rotate_rows(int layer, const float* x, std::int64_t stride, int heads, std::int64_t index,
                            std::int64_t rows, float* out) const {
  const std::int64_t width = std::int64_t{heads} * model_->spec().heads.dim;
  const auto rotate_row = [&](std::int64_t row) {
    rotate(layer, x + row * stride, heads, constant_ ? 0 : index + row, out + row * width);
  };
  if (rows < kParallelRows) {  // not even a team of one: lanes with one row come by the dozen
    for (std::int64_t row = 0; row < rows; ++row) rotate_row(row);
    return;
  }
#pragma omp parallel for schedule(static)
  for (std::int64_t row = 0; row < rows; ++row) rotate_row(row);
}

}  // namespace focusllm::model
