#pragma once

#include <cstdint>

namespace focusllm::train {

/// One f32 matrix in memory, rows `stride` floats apart, taken as it is or transposed.
struct MatrixView {
  const float* data = nullptr;
  std::int64_t stride = 0;
  bool transposed = false;
};

/// c [rows, cols] = factor a [rows, inner] b [inner, cols], plus c if `accumulate`. On the calling thread
/// alone inside of a parallel region, on the pool otherwise.
void sgemm(std::int64_t rows, std::int64_t cols, std::int64_t inner, float factor, MatrixView a, MatrixView b,
           bool accumulate, float* c, std::int64_t c_stride);

}  // namespace focusllm::train
