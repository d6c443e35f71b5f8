#include "tensor/few_rows.h"

#include <algorithm>
#include <cstring>

#include <omp.h>

#include "base/ceil_div.h"
#include "base/cpu.h"
#include "base/threads.h"
#include "tensor/half.h"
#include "tensor/stack.h"
#include "tensor/unpack_block.h"

namespace focusllm {
namespace {

// Below this much reading a fork and join of the threads costs more than it saves.
constexpr std::int64_t kBytesWorthForking = 32 << 10;

FewRowsKernel::Multiply FewRowsKernel::*kernel_for(const QuantForm& form) {
  if (!form.known) return nullptr;
  if (form.halves) return &FewRowsKernel::eight_bits_halves;
  if (form.four_bits) {
    if (form.wide) return &FewRowsKernel::four_bits_wide;
    return form.minima ? &FewRowsKernel::four_bits_minima : &FewRowsKernel::four_bits;
  }
  if (form.wide) return &FewRowsKernel::eight_bits_wide;
  return form.minima ? &FewRowsKernel::eight_bits_minima : &FewRowsKernel::eight_bits;
}

void put_quants(const Quants& block, bool four_bits, std::int64_t channel, std::uint8_t* to) {
  for (int j = 0; j < (four_bits ? 4 : 8); ++j) {
    for (int i = 0; i < 4; ++i) {
      const std::uint8_t low = block.quants[4 * j + i];
      const int high = four_bits ? block.quants[16 + 4 * j + i] << 4 : 0;
      to[j * 64 + channel * 4 + i] = static_cast<std::uint8_t>(low | high);
    }
  }
}

void put_scale(float value, bool wide, std::int64_t index, std::uint8_t* to) {
  if (wide) {
    std::memcpy(to + 4 * index, &value, 4);
  } else {
    const std::uint16_t half = float_to_half(value);
    std::memcpy(to + 2 * index, &half, 2);
  }
}

/// Channel `channel` of a group: all the blocks of one row of the file.
void put_row(const BlockMatrix& source, const QuantForm& form, std::int64_t row, std::int64_t channel,
             std::uint8_t* quants, std::uint8_t* scales) {
  const std::byte* from = source.data + row * row_bytes(source);
  const int parts = form.halves ? 2 : 1;
  const int per_part = form.minima ? 2 : 1;
  for (std::int64_t block = 0; block < source.cols / 32; ++block) {
    Quants unpacked;
    unpack_quants(source.type, from, block, unpacked);
    put_quants(unpacked, form.four_bits, channel, quants + block * (form.four_bits ? 256 : 512));
    for (int part = 0; part < parts; ++part) {
      const std::int64_t index = (block * parts + part) * per_part * kGroupChannels + channel;
      put_scale(unpacked.scale[part], form.wide, index, scales);
      if (form.minima) put_scale(unpacked.minimum[part], form.wide, index + kGroupChannels, scales);
    }
  }
}

}  // namespace

FewRows::FewRows(std::span<const BlockMatrix> stack)
    : inputs_(stack.front().cols), outputs_(stack_rows(stack)) {
  std::int64_t first_output = 0;
  for (const BlockMatrix& source : stack) {
    matrices_.push_back(interleave(source, first_output));
    quantizes_ = quantizes_ || matrices_.back().multiply != nullptr;
    first_output += source.rows;
  }
}

/// The sizes of one matrix's interleaved form, before it is made.
FewRows::Matrix FewRows::plan(const BlockMatrix& source, std::int64_t first_output) {
  const QuantForm form = quant_form(source.type);
  Matrix matrix;
  matrix.source = source;
  matrix.first_output = first_output;
  matrix.groups = ceil_div(source.rows, kGroupChannels);
  if (!form.known) return matrix;
  const std::int64_t blocks = source.cols / 32;
  const std::int64_t numbers = blocks * (form.halves ? 2 : 1) * (form.minima ? 2 : 1) * kGroupChannels;
  matrix.multiply = kernel_for(form);
  matrix.zero_shift = form.zero_shift;
  matrix.quant_bytes = blocks * (form.four_bits ? 256 : 512);
  matrix.scale_bytes = ceil_div(numbers * (form.wide ? 4 : 2), 64) * 64;
  return matrix;
}

FewRows::Matrix FewRows::interleave(const BlockMatrix& source, std::int64_t first_output) {
  const QuantForm form = quant_form(source.type);
  Matrix matrix = plan(source, first_output);
  const std::int64_t group_bytes = matrix.quant_bytes + matrix.scale_bytes;
  if (matrix.groups * group_bytes > available_memory() / 2) matrix.multiply = nullptr;  // slower, but it runs
  if (matrix.multiply == nullptr) return matrix;
  matrix.packed.resize(static_cast<std::size_t>(matrix.groups * group_bytes));
#pragma omp parallel for schedule(dynamic, 4)
  for (std::int64_t group = 0; group < matrix.groups; ++group) {
    std::uint8_t* quants = matrix.packed.data() + group * group_bytes;
    const std::int64_t rows = std::min<std::int64_t>(kGroupChannels, source.rows - group * kGroupChannels);
    if (rows < kGroupChannels) std::memset(quants, 0, static_cast<std::size_t>(group_bytes));
    for (std::int64_t channel = 0; channel < rows; ++channel) {
      put_row(source, form, group * kGroupChannels + channel, channel, quants, quants + matrix.quant_bytes);
    }
  }
  return matrix;
}

std::int64_t FewRows::bytes(std::span<const BlockMatrix> stack) {
  std::int64_t bytes = 0;
  for (const BlockMatrix& source : stack) {
    const Matrix matrix = plan(source, 0);
    bytes += matrix.groups * (matrix.quant_bytes + matrix.scale_bytes);
  }
  return bytes;
}

// `row` [inputs] is scratch. Outputs [16 group, 16 group + 16) of one matrix.
void FewRows::multiply_group(const Matrix& matrix, std::int64_t group, const QuantizedRows& quantized,
                             const float* x, float* row, float* y, bool accumulate) const {
  const FewRowsKernel& kernel = *FOCUSLLM_ACTIVE(few_rows_kernel);
  const std::int64_t first = group * kGroupChannels;
  const std::int64_t columns = std::min<std::int64_t>(kGroupChannels, matrix.source.rows - first);
  float* out = y + matrix.first_output + first;
  if (matrix.multiply != nullptr) {
    const std::uint8_t* quants = matrix.packed.data() + group * (matrix.quant_bytes + matrix.scale_bytes);
    const WeightGroup weights{quants, quants + matrix.quant_bytes, matrix.zero_shift};
    return (kernel.*matrix.multiply)(weights, quantized, out, outputs_, columns, accumulate);
  }
  const std::int64_t stride = row_bytes(matrix.source);
  for (std::int64_t c = 0; c < columns; ++c) {
    const std::byte* from = matrix.source.data + (first + c) * stride;
    dequantize(matrix.source.type, from, inputs_, row);
    kernel.dot(row, x, quantized.rows, inputs_, out + c, outputs_, accumulate);
  }
}

void FewRows::apply(const float* x, std::int64_t rows, float* y, bool accumulate) const {
  thread_local AlignedBuffer<std::int8_t> quants;
  thread_local AlignedBuffer<float> floats;
  thread_local AlignedBuffer<std::int32_t> totals;
  const std::int64_t blocks = ceil_div(inputs_, 32);
  quants.resize(static_cast<std::size_t>(rows * blocks * 32));
  floats.resize(static_cast<std::size_t>(2 * rows * blocks + thread_count() * inputs_));
  totals.resize(static_cast<std::size_t>(rows * blocks * 2));
  const QuantizedRows quantized{quants.data(), floats.data(), floats.data() + rows * blocks,
                                totals.data(), rows,          inputs_};
  float* scratch = floats.data() + 2 * rows * blocks;
  const FewRowsKernel& kernel = *FOCUSLLM_ACTIVE(few_rows_kernel);
  if (quantizes_) {
    for (std::int64_t row = 0; row < rows; ++row) {
      kernel.quantize(x + row * inputs_, inputs_, quantized.quants + row * inputs_,
                      quantized.scales + row * blocks, quantized.sums + row * blocks,
                      quantized.totals + row * blocks * 2);
    }
  }
  const bool forks = outputs_ * inputs_ * rows >= kBytesWorthForking;
  const std::int64_t groups_in_all = ceil_div(outputs_, kGroupChannels);
  const std::int64_t chunk = std::max<std::int64_t>(1, groups_in_all / (8 * thread_count()));
#pragma omp parallel if (forks)
  {
    float* row = scratch + omp_get_thread_num() * inputs_;
    for (const Matrix& matrix : matrices_) {
#pragma omp for schedule(dynamic, chunk) nowait
      for (std::int64_t group = 0; group < matrix.groups; ++group) {
        multiply_group(matrix, group, quantized, x, row, y, accumulate);
      }
    }
  }
}

}  // namespace focusllm
