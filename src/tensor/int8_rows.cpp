// Products of many rows in int8: weights with a scale per output, activations with a scale per row, both
// rotated by an orthogonal matrix first, which spreads a row's outliers over all of it and leaves the product
// as it was.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <random>
#include <vector>

#include <omp.h>

#include "base/ceil_div.h"
#include "base/cpu.h"
#include "base/memory.h"
#include "base/threads.h"
#include "tensor/int8_kernel.h"
#include "tensor/many_rows.h"
#include "tensor/stack.h"

namespace focusllm {
namespace {

constexpr std::int64_t kLargestRotation = 512;
// Rows quantised at a time, so that they stay in the second-level cache while all the weights pass by.
constexpr std::int64_t kCachedRows = 480;
// Rows of one task of a thread: a multiple of the kernel's tile; small enough that the threads end together.
constexpr std::int64_t kTaskRows = 96;

/// Equal parts of a row of `width` that can be mixed with each other: its largest odd divisor within bounds.
long mixed_parts(std::int64_t width) {
  for (long parts = kMostParts; parts > 1; parts -= 2) {
    if (width % (16 * parts) == 0) return parts;
  }
  return 1;
}

/// The orthonormal cosine transform [size, size]: a matrix that mixes any number of things nearly evenly,
/// where Hadamard's want a power of two.
std::vector<float> cosine_matrix(long size) {
  std::vector<float> matrix;
  for (long row = 0; row < size; ++row) {
    const double norm = std::sqrt((row == 0 ? 1.0 : 2.0) / static_cast<double>(size));
    for (long column = 0; column < size; ++column) {
      const double turn = static_cast<double>((2 * column + 1) * row) / static_cast<double>(2 * size);
      matrix.push_back(static_cast<float>(norm * std::cos(std::numbers::pi * turn)));
    }
  }
  return matrix;
}

/// The same for every run: 1 or -1.
std::vector<float> random_signs(std::int64_t size) {
  std::mt19937 random(1);
  std::vector<float> signs(static_cast<std::size_t>(size));
  for (float& sign : signs) sign = (random() >> 31) != 0 ? -1.0F : 1.0F;
  return signs;
}

class Int8Rows final : public ManyRows {
 public:
  explicit Int8Rows(std::span<const BlockMatrix> stack)
      : inputs_(stack.front().cols),
        outputs_(stack_rows(stack)),
        depth_(ceil_div(inputs_, 64) * 64),
        signs_(random_signs(inputs_)),
        mix_(cosine_matrix(mixed_parts(inputs_))),
        rotation_{std::min(inputs_ & -inputs_, kLargestRotation), mixed_parts(inputs_), mix_.data(),
                  signs_.data()},
        panels_(ceil_div(outputs_, kPanelChannels)),
        weights_(static_cast<std::size_t>(panels_ * kPanelChannels * depth_)),
        start_(static_cast<std::size_t>(panels_ * kPanelChannels)),
        scales_(start_.size()) {
    AlignedBuffer<float> scratch(static_cast<std::size_t>(thread_count() * 3 * depth_));
#pragma omp parallel for schedule(dynamic, 1)
    for (std::int64_t panel = 0; panel < panels_; ++panel) {
      pack_panel(stack, panel, scratch.data() + omp_get_thread_num() * 3 * depth_);
    }
  }

  void apply(const float* x, std::int64_t rows, float* y, bool accumulate) const override {
    for (std::int64_t row = 0; row < rows; row += kCachedRows) {
      apply_panel(x + row * inputs_, std::min(kCachedRows, rows - row), y + row * outputs_, accumulate);
    }
  }

 private:
  // `scratch` [3 * depth]: a row's values, their rotation, and the quantised row.
  void pack_panel(std::span<const BlockMatrix> stack, std::int64_t panel, float* scratch) {
    const Int8Kernel& kernel = *FOCUSLLM_ACTIVE(int8_kernel);
    std::int8_t* packed = weights_.data() + panel * kPanelChannels * depth_;
    auto* row = reinterpret_cast<std::uint8_t*>(scratch + 2 * depth_);
    for (std::int64_t c = 0; c < kPanelChannels; ++c) {
      const std::int64_t channel = panel * kPanelChannels + c;
      std::memset(row, 128, static_cast<std::size_t>(depth_));
      float scale = 0;
      if (channel < outputs_) {
        dequantize_row(stack, channel, scratch);
        scale = kernel.quantize(scratch, inputs_, rotation_, scratch + depth_, row);
      }
      std::int32_t sum = 0;
      for (std::int64_t k = 0; k < depth_; ++k) {
        row[k] ^= 0x80;  // the offset of 128 off again: two's complement
        sum += static_cast<std::int8_t>(row[k]);
      }
      for (std::int64_t k = 0; k < depth_; k += 4)
        std::memcpy(packed + k * kPanelChannels + 4 * c, row + k, 4);
      start_[static_cast<std::size_t>(channel)] = -128 * sum;
      // Two unnormalised Hadamard matrices multiply by the block's width.
      scales_[static_cast<std::size_t>(channel)] = scale / static_cast<float>(rotation_.block);
    }
  }

  void apply_panel(const float* x, std::int64_t rows, float* y, bool accumulate) const;

  std::int64_t inputs_;
  std::int64_t outputs_;
  std::int64_t depth_;  ///< inputs rounded up, filled with zeros
  std::vector<float> signs_;
  std::vector<float> mix_;
  Rotation rotation_;
  std::int64_t panels_;
  AlignedBuffer<std::int8_t> weights_;
  AlignedBuffer<std::int32_t> start_;  ///< takes back the 128 that every activation has too much
  AlignedBuffer<float> scales_;
};

void Int8Rows::apply_panel(const float* x, std::int64_t rows, float* y, bool accumulate) const {
  thread_local AlignedBuffer<std::uint8_t> quantized_buffer;
  thread_local AlignedBuffer<float> float_buffer;
  quantized_buffer.resize(static_cast<std::size_t>(ceil_div(rows, kReadRows) * kReadRows * depth_));
  float_buffer.resize(static_cast<std::size_t>(rows + thread_count() * depth_));
  std::uint8_t* quantized = quantized_buffer.data();
  float* row_scales = float_buffer.data();
  float* scratch = row_scales + rows;
  const Int8Kernel& kernel = *FOCUSLLM_ACTIVE(int8_kernel);
  const std::int64_t row_tasks = ceil_div(rows, kTaskRows);
#pragma omp parallel
  {
    float* rotated = scratch + omp_get_thread_num() * depth_;
#pragma omp for schedule(dynamic, 8)
    for (std::int64_t row = 0; row < rows; ++row) {
      std::uint8_t* out = quantized + row * depth_;
      row_scales[row] = kernel.quantize(x + row * inputs_, inputs_, rotation_, rotated, out);
      std::memset(out + inputs_, 128, static_cast<std::size_t>(depth_ - inputs_));
    }
#pragma omp for schedule(dynamic, 1)
    for (std::int64_t task = 0; task < panels_ * row_tasks; ++task) {
      const std::int64_t channel = task / row_tasks * kPanelChannels;
      const std::int64_t row = task % row_tasks * kTaskRows;
      kernel.multiply(quantized + row * depth_, std::min(kTaskRows, rows - row), depth_,
                      weights_.data() + channel * depth_, start_.data() + channel, row_scales + row,
                      scales_.data() + channel, y + row * outputs_ + channel, outputs_,
                      std::min<std::int64_t>(kPanelChannels, outputs_ - channel), accumulate);
    }
  }
}

}  // namespace

std::unique_ptr<const ManyRows> make_int8_rows(std::span<const BlockMatrix> stack) {
  return std::make_unique<Int8Rows>(stack);
}

}  // namespace focusllm
