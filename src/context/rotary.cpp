#include "context/rotary.h"

namespace focusllm::context {
namespace {

constexpr std::int64_t kParallelRows = 16;  // fewer are done sooner than threads start

}  // namespace

void Rotary::set_positions(std::span<const std::int64_t> positions) {
  constant_ = positions.size() == 1;
  table_ = model_.rope().table(positions);
  if (model_.spec().sliding_window > 0) sliding_table_ = model_.sliding_rope().table(positions);
}

const float* Rotary::queries(const model::LayerRows& layer) {
  return rotate(layer, layer.qkv, model_.spec().heads.heads, queries_);
}

const float* Rotary::keys(const model::LayerRows& layer) {
  return rotate(layer, layer.qkv + layer.keys, model_.spec().heads.kv_heads, keys_);
}

const float* Rotary::rotate(const model::LayerRows& layer, const float* from, int heads,
                            AlignedBuffer<float>& out) const {
  const bool sliding = model_.spec().window(layer.layer) > 0;
  const model::Rope& rope = sliding ? model_.sliding_rope() : model_.rope();
  const model::RopeTable& table = sliding ? sliding_table_ : table_;
  const int dim = model_.spec().heads.dim;
  const std::int64_t rows = layer.rows.size();
  const std::int64_t width = std::int64_t{heads} * dim;
  out.resize(static_cast<std::size_t>(rows * width));
#pragma omp parallel for schedule(static) if (rows >= kParallelRows)
  for (std::int64_t row = 0; row < rows; ++row) {
    rope.rotate(from + row * layer.stride, heads, dim, table, constant_ ? 0 : row, out.data() + row * width);
  }
  return out.data();
}

}  // namespace focusllm::context
