#include "model/angles.h"

namespace focusllm::model {
namespace {

constexpr std::int64_t kParallelRows = 16;  // fewer are done sooner than threads start

}  // namespace

Angles::Angles(const Model& model, std::span<const std::int64_t> positions)
    : model_(&model), constant_(positions.size() == 1), table_(model.rope().table(positions)) {
  if (model.spec().sliding_window > 0) sliding_table_ = model.sliding_rope().table(positions);
}

void Angles::turn(int layer, const float* from, std::int64_t stride, int heads, std::int64_t first,
                  std::int64_t rows, float* out) const {
  const bool sliding = model_->spec().window(layer) > 0;
  const Rope& rope = sliding ? model_->sliding_rope() : model_->rope();
  const RopeTable& table = sliding ? sliding_table_ : table_;
  const int dim = model_->spec().heads.dim;
  const std::int64_t width = std::int64_t{heads} * dim;
#pragma omp parallel for schedule(static) if (rows >= kParallelRows)
  for (std::int64_t row = 0; row < rows; ++row) {
    rope.rotate(from + row * stride, heads, dim, table, constant_ ? 0 : first + row, out + row * width);
  }
}

}  // namespace focusllm::model
