#include "train/sgemm.h"

#include <oneapi/dnnl/dnnl.h>

#include "base/error.h"

namespace focusllm::train {

void sgemm(std::int64_t rows, std::int64_t cols, std::int64_t inner, float factor, MatrixView a, MatrixView b,
           bool accumulate, float* c, std::int64_t c_stride) {
  if (rows == 0 || cols == 0) return;
  const dnnl_status_t status =
      dnnl_sgemm(a.transposed ? 'T' : 'N', b.transposed ? 'T' : 'N', rows, cols, inner, factor, a.data,
                 a.stride, b.data, b.stride, accumulate ? 1.0F : 0.0F, c, c_stride);
  if (status != dnnl_success) {
    fail("oneDNN: product of {} x {} by {} x {} failed (status {})", rows, inner, inner, cols,
         static_cast<int>(status));
  }
}

}  // namespace focusllm::train
