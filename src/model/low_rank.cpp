#include "model/low_rank.h"

namespace focusllm::model {

void LowRank::apply(const float* x, std::int64_t rows, float* y, std::int64_t stride, Use use) const {
  AlignedBuffer<float> inner, outer;
  for (const Part& part : parts_) {
    const std::int64_t width = part.b.outputs();
    inner.resize(static_cast<std::size_t>(rows * part.a.outputs()));
    outer.resize(static_cast<std::size_t>(rows * width));
    part.a.apply(x, rows, inner.data(), use);
    part.b.apply(inner.data(), rows, outer.data(), use);
    for (std::int64_t row = 0; row < rows; ++row) {
      float* to = y + row * stride + part.first;
      const float* from = outer.data() + row * width;
      for (std::int64_t i = 0; i < width; ++i) to[i] += part.scale * from[i];
    }
  }
}

}  // namespace focusllm::model
