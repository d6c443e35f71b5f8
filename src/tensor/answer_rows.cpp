#include "tensor/answer_rows.h"

#include <algorithm>
#include <cstring>

#include <omp.h>

#include "base/ceil_div.h"
#include "base/memory.h"
#include "base/shares.h"
#include "base/threads.h"
#include "tensor/answer_kernel.h"
#include "tensor/stack.h"

namespace focusllm {
namespace {

// Below this much reading a fork and join of the threads costs more than it saves.
constexpr std::int64_t kBytesWorthForking = 32 << 10;
// Rows of floats at a time, so that they stay in the caches while a matrix passes by.
constexpr std::int64_t kFloatRows = 16;
constexpr std::int64_t kRowsWorthForking = 8;  // to quantise
constexpr int kPieces = 8;                     // of a thread's share of a product

std::int64_t bytes_of(const Weights& weights) {
  std::int64_t bytes = 0;
  for (const Weights::Matrix& matrix : weights.matrices())
    bytes += matrix.source.rows * row_bytes(matrix.source);
  return bytes;
}

/// Where all rows of activations are kept as int8, for one thread that multiplies at a time.
struct Quantized {
  AlignedBuffer<std::int8_t> quants;
  AlignedBuffer<float> floats;
  AlignedBuffer<std::int32_t> totals;

  QuantizedRows resize(std::int64_t rows, std::int64_t width) {
    // Each array is there twice, by rows and for tiles of rows; all of it in whole tiles.
    const std::int64_t whole = ceil_div(rows, std::int64_t{kTiledRows}) * kTiledRows;
    const std::int64_t count = whole * (width / 32);
    quants.resize(static_cast<std::size_t>(whole * width));
    floats.resize(static_cast<std::size_t>(4 * count));
    totals.resize(static_cast<std::size_t>(4 * count));
    float* from = floats.data();
    return {quants.data(),
            from,
            from + count,
            totals.data(),
            from + 2 * count,
            from + 3 * count,
            totals.data() + 2 * count,
            rows,
            width};
  }
};

const AnswerKernel& answer_kernel_for(Isa isa) {  // sets in between make no difference
  return FOCUSLLM_CHOOSE(AnswerKernel, isa, &scalar::answer_kernel, &avx2::answer_kernel,
                         &avx2::answer_kernel, &avx512_vnni::answer_kernel, &avx512_vnni::answer_kernel,
                         &amx::answer_kernel);
}

void multiply_floats(const AnswerKernel& kernel, const Weights::Piece& group, const float* x,
                     std::int64_t rows, float* y, std::int64_t stride, bool accumulate) {
  const BlockMatrix& source = group.matrix->source;
  for (std::int64_t row = 0; row < rows; row += kFloatRows) {
    for (std::int64_t c = group.first; c < group.first + group.count; ++c) {
      kernel.dot(source.type, source.data + c * row_bytes(source), x + row * source.cols,
                 std::min(kFloatRows, rows - row), source.cols, y + row * stride + c, stride, accumulate);
    }
  }
}

void multiply_group(const AnswerKernel& kernel, const Weights::Piece& group, const QuantizedRows& quantized,
                    const float* x, float* y, std::int64_t stride, bool accumulate) {
  const Weights::Matrix& matrix = *group.matrix;
  float* out = y + matrix.first_output;
  if (!matrix.grouped) return multiply_floats(kernel, group, x, quantized.rows, out, stride, accumulate);
  kernel.multiply(matrix.source.type, matrix.grouped->group(group.first / kGroupChannels), quantized,
                  out + group.first, stride, group.count, accumulate);
}

/// What stands by rows, once more for tiles of rows.
void fill_tiles(const QuantizedRows& x) {
  const std::int64_t blocks = x.width / 32;
  const std::int64_t tiles = ceil_div(std::int64_t{x.rows}, std::int64_t{kTiledRows});
  std::memset(x.quants + x.rows * x.width, 0,
              static_cast<std::size_t>((tiles * kTiledRows - x.rows) * x.width));
  for (std::int64_t row = 0; row < tiles * kTiledRows; ++row) {
    const std::int64_t place = row / kTiledRows * kTiledRows * blocks + row % kTiledRows;
    const bool there = row < x.rows;
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::int64_t from = row * blocks + b, to = place + b * kTiledRows;
      x.tiled_scales[to] = there ? x.scales[from] : 0;
      x.tiled_sums[to] = there ? x.sums[from] : 0;
      for (std::int64_t half = 0; half < 2; ++half) {
        x.tiled_totals[2 * (to - row % kTiledRows) + half * kTiledRows + row % kTiledRows] =
            there ? x.totals[2 * from + half] : 0;
      }
    }
  }
}

void quantize_row(const AnswerKernel& kernel, const float* x, const QuantizedRows& to, std::int64_t row) {
  const std::int64_t blocks = to.width / 32;
  kernel.quantize(x + row * to.width, to.width, to.quants + row * to.width, to.scales + row * blocks,
                  to.sums + row * blocks, to.totals + 2 * row * blocks);
}

}  // namespace

void answer_rows(const Weights& weights, Isa isa, const float* x, std::int64_t rows, float* y,
                 bool accumulate) {
  thread_local Quantized buffers;
  const AnswerKernel& kernel = answer_kernel_for(isa);
  const bool quantizes =
      std::any_of(weights.matrices().begin(), weights.matrices().end(),
                  [](const Weights::Matrix& matrix) { return matrix.grouped.has_value(); });
  QuantizedRows quantized;
  quantized.rows = rows;
  quantized.width = weights.inputs();
  if (quantizes) {
    quantized = buffers.resize(rows, weights.inputs());
  }
  // Few rows are quantised before the threads could have come together.
  const bool together = rows >= kRowsWorthForking;
  const bool tiled = kernel.takes_tiles && rows > 1;
  if (quantizes && !together) {
    for (std::int64_t row = 0; row < rows; ++row) quantize_row(kernel, x, quantized, row);
    if (tiled) fill_tiles(quantized);
  }
  const auto groups = weights.groups();
  const auto count = static_cast<std::int64_t>(groups.size());
  thread_local Shares of_this_thread;
  Shares& shares = of_this_thread;
  shares.start(count, thread_count());
  const std::int64_t most = std::max<std::int64_t>(1, count / (kPieces * thread_count()));
#pragma omp parallel if (rows * bytes_of(weights) >= kBytesWorthForking)
  {
    if (quantizes && together) {
#pragma omp for schedule(static)
      for (std::int64_t row = 0; row < rows; ++row) quantize_row(kernel, x, quantized, row);
#pragma omp single
      if (tiled) fill_tiles(quantized);
    }
    const int thread = omp_get_thread_num();
    for (auto piece = shares.take(thread, most); piece.begin < piece.end; piece = shares.take(thread, most)) {
      for (std::int64_t i = piece.begin; i < piece.end; ++i)
        multiply_group(kernel, groups[static_cast<std::size_t>(i)], quantized, x, y, weights.outputs(),
                       accumulate);
    }
    kernel.release();
  }
}

}  // namespace focusllm
