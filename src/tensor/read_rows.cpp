#include "tensor/read_rows.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/bf16.h"
#include "base/ceil_div.h"
#include "base/memory.h"
#include "base/threads.h"
#include "tensor/float_kernel.h"
#include "tensor/int8_kernel.h"
#include "tensor/row_layout.h"
#include "tensor/stack.h"

namespace focusllm {
namespace {

// Rows that pass a panel together: their activations should stay in the caches.
constexpr std::int64_t kMostRows = 1024;
constexpr std::int64_t kLeastRows = 48;  // of a task: fewer cost more in unpacking than they save in waiting

/// A panel, and some rows that pass it.
struct Task {
  Weights::Piece panel;
  std::int64_t first_row, rows;
};

/// Whole panels for every thread alike; what does not divide among them is cut by rows, `tile_rows` or a
/// multiple of them.
std::vector<Task> tasks_of(const Weights& weights, std::int64_t rows, std::int64_t tile_rows) {
  const std::int64_t threads = thread_count();
  const auto panels = weights.panels();
  const auto count = static_cast<std::int64_t>(panels.size());
  const std::int64_t whole = count / threads * threads;
  std::vector<Task> tasks;
  for (std::int64_t i = 0; i < whole; ++i) tasks.push_back({panels[static_cast<std::size_t>(i)], 0, rows});
  if (whole == count) return tasks;
  const std::int64_t pieces =
      std::clamp<std::int64_t>(rows / kLeastRows, 1, ceil_div(threads, count - whole));
  const std::int64_t step = ceil_div(ceil_div(rows, pieces), tile_rows) * tile_rows;
  for (std::int64_t i = whole; i < count; ++i) {
    for (std::int64_t row = 0; row < rows; row += step)
      tasks.push_back({panels[static_cast<std::size_t>(i)], row, std::min(step, rows - row)});
  }
  return tasks;
}

/// What a panel's weights are unpacked from, for elements [first, first + depth).
struct Source {
  WeightGroup groups[kPanelChannels / kGroupChannels];
  PanelSource panel;

  Source(const Weights::Piece& piece, std::int64_t first, std::int64_t depth) {
    const BlockMatrix& matrix = piece.matrix->source;
    panel = {
        matrix.type, groups, matrix.data + piece.first * row_bytes(matrix), row_bytes(matrix), piece.count,
        first,       depth};
    if (!piece.matrix->grouped) return;
    panel.rows = nullptr;
    for (std::int64_t c = 0; c < piece.count; c += kGroupChannels)
      groups[c / kGroupChannels] = piece.matrix->grouped->group((piece.first + c) / kGroupChannels);
  }
  Source(const Source&) = delete;  // `panel` points into this
  Source& operator=(const Source&) = delete;
};

/// Where the results of a task's rows go.
float* target(const Task& task, const Weights& weights, float* y) {
  return y + task.first_row * weights.outputs() + task.panel.matrix->first_output + task.panel.first;
}

template <typename Work>
void for_tasks(const Weights& weights, std::int64_t rows, std::int64_t tile_rows, const Work& work) {
  const std::vector<Task> tasks = tasks_of(weights, rows, tile_rows);
#pragma omp parallel for schedule(dynamic, 1)
  for (std::size_t i = 0; i < tasks.size(); ++i) work(tasks[i]);
}

// ---- int8

const Int8Kernel& int8_kernel_for(Isa isa) {  // sets in between make no difference
  return FOCUSLLM_CHOOSE(Int8Kernel, isa, &scalar::int8_kernel, &avx2::int8_kernel, &avx2::int8_kernel,
                         &avx512_vnni::int8_kernel, &avx512_vnni::int8_kernel, &amx::int8_kernel);
}

constexpr std::int64_t kMostBlocks = kMostPanelDepth / kScaledElements;

struct Int8Buffers {
  AlignedBuffer<std::int8_t> quants{kMostPanelDepth * kPanelChannels};
  AlignedBuffer<std::int32_t> start{kMostBlocks * kPanelChannels};
  AlignedBuffer<float> scales{kMostBlocks * kPanelChannels};
  AlignedBuffer<float> floats;  ///< of weights that are not in groups, [channels][depth]
};

void unpack(const Int8Kernel& kernel, const Task& task, std::int64_t first, std::int64_t depth,
            Int8Buffers& buffers, const Int8Panel& panel) {
  const Source source(task.panel, first, depth);
  if (task.panel.matrix->grouped) return kernel.unpack(source.panel, panel);
  const BlockMatrix& matrix = task.panel.matrix->source;
  const std::int64_t element = row_bytes(matrix) / matrix.cols;
  buffers.floats.resize(kMostPanelDepth * kPanelChannels);
  for (std::int64_t c = 0; c < task.panel.count; ++c) {
    dequantize(matrix.type, source.panel.rows + c * row_bytes(matrix) + first * element, depth,
               buffers.floats.data() + c * depth);
  }
  kernel.pack(buffers.floats.data(), task.panel.count, depth, depth, panel);
}

void multiply_int8(const Int8Kernel& kernel, const Weights& weights, const Task& task, Int8Rows x, float* y,
                   bool accumulate) {
  thread_local Int8Buffers buffers;
  x.rows = task.rows;
  x.quants += task.first_row * x.width;  // whole groups of rows
  x.scales += task.first_row;
  for (std::int64_t first = 0, padded = 0; first < x.width; first += padded) {
    const std::int64_t left = x.width - first;
    padded = left < kMostPanelDepth ? left : kPanelDepth;  // a row's last block must not be cut
    const std::int64_t depth = std::min(padded, weights.inputs() - first);
    const Int8Panel panel{buffers.quants.data(), buffers.start.data(), buffers.scales.data(), padded};
    unpack(kernel, task, first, depth, buffers, panel);
    kernel.multiply(x, panel, target(task, weights, y), weights.outputs(), task.panel.count,
                    accumulate || first > 0);
    x.quants += padded * kernel.rows_together;
    x.scales += scaled_blocks(padded) * x.scale_stride;
  }
}

void read_int8(const Int8Kernel& kernel, const Weights& weights, const float* x, std::int64_t rows, float* y,
               bool accumulate) {
  thread_local AlignedBuffer<std::uint8_t> quants;
  thread_local AlignedBuffer<float> scales;
  const std::int64_t inputs = weights.inputs();
  const std::int64_t width = ceil_div(inputs, kDepthStep) * kDepthStep;
  const RowLayout layout{kernel.rows_together, kDepthStep, width};
  const std::int64_t blocks = scaled_blocks(width);
  const std::int64_t whole = ceil_div(rows, kernel.rows_together) * kernel.rows_together;
  quants.resize(static_cast<std::size_t>(layout.size(rows)));
  scales.resize(static_cast<std::size_t>(whole * blocks));
  std::uint8_t* to = quants.data();
  float* scale = scales.data();
#pragma omp parallel for schedule(dynamic, 8)
  for (std::int64_t row = 0; row < rows; ++row)
    kernel.quantize(x + row * inputs, inputs, to + layout.at(row, 0), layout.step_stride(), scale + row,
                    whole);
  const Int8Rows quantized{to, scale, width, whole, rows};
  for_tasks(weights, rows, kernel.tile_rows,
            [&](const Task& task) { multiply_int8(kernel, weights, task, quantized, y, accumulate); });
}

// ---- floats

const FloatKernel& float_kernel_for(Isa isa) {
  return FOCUSLLM_CHOOSE(FloatKernel, isa, &scalar::float_kernel, &avx2::float_kernel, &avx512::float_kernel,
                         &avx512::float_kernel, &avx512_bf16::float_kernel, &amx::float_kernel);
}

void multiply_f32(const FloatKernel& kernel, const Weights& weights, const Task& task, const float* x,
                  float* y, bool accumulate) {
  thread_local AlignedBuffer<float> panel(kFloatPanelDepth * kPanelChannels);
  const std::int64_t inputs = weights.inputs();
  for (std::int64_t first = 0; first < inputs; first += kFloatPanelDepth) {
    const std::int64_t depth = std::min<std::int64_t>(kFloatPanelDepth, inputs - first);
    kernel.unpack_f32(Source(task.panel, first, depth).panel, panel.data());
    kernel.multiply_f32(x + task.first_row * inputs + first, inputs, task.rows, panel.data(), depth,
                        target(task, weights, y), weights.outputs(), task.panel.count,
                        accumulate || first > 0);
  }
}

/// Some elements of a row, filled up with zeros.
void narrow_step(const float* x, std::int64_t count, Bf16* to) {
  for (std::int64_t i = 0; i < kBf16Step; ++i) to[i] = i < count ? to_bf16(x[i]) : Bf16{};
}

void multiply_bf16(const FloatKernel& kernel, const Weights& weights, const Task& task, const Bf16* x,
                   const RowLayout& layout, float* y, bool accumulate) {
  thread_local AlignedBuffer<Bf16> panel(kFloatPanelDepth * kPanelChannels);
  for (std::int64_t first = 0; first < weights.inputs(); first += kFloatPanelDepth) {
    const std::int64_t depth = std::min<std::int64_t>(kFloatPanelDepth, weights.inputs() - first);
    kernel.unpack_bf16(Source(task.panel, first, depth).panel, panel.data());
    kernel.multiply_bf16(x + layout.at(task.first_row, first), layout.width, task.rows, panel.data(),
                         ceil_div(depth, kBf16Step) * kBf16Step, target(task, weights, y), weights.outputs(),
                         task.panel.count, accumulate || first > 0);
  }
}

void read_bf16(const FloatKernel& kernel, const Weights& weights, const float* x, std::int64_t rows, float* y,
               bool accumulate) {
  thread_local AlignedBuffer<Bf16> narrow;
  const std::int64_t inputs = weights.inputs();
  const RowLayout layout{kernel.bf16_rows_together, kBf16Step, ceil_div(inputs, kBf16Step) * kBf16Step};
  narrow.resize(static_cast<std::size_t>(layout.size(rows)));
  Bf16* to = narrow.data();
#pragma omp parallel for schedule(static)
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t k = 0; k < layout.width; k += kBf16Step)
      narrow_step(x + row * inputs + k, inputs - k, to + layout.at(row, k));
  }
  for_tasks(weights, rows, kernel.bf16_tile_rows,
            [&](const Task& task) { multiply_bf16(kernel, weights, task, to, layout, y, accumulate); });
}

}  // namespace

void read_rows(const Weights& weights, const Arithmetic& arithmetic, const float* x, std::int64_t rows,
               float* y, bool accumulate) {
  const Int8Kernel& int8 = int8_kernel_for(arithmetic.isa);
  const FloatKernel& floats = float_kernel_for(arithmetic.isa);
  for (std::int64_t row = 0; row < rows; row += kMostRows) {
    const std::int64_t some = std::min(kMostRows, rows - row);
    const float* from = x + row * weights.inputs();
    float* to = y + row * weights.outputs();
    if (arithmetic.type == ProductType::int8) {
      read_int8(int8, weights, from, some, to, accumulate);
    } else if (arithmetic.type == ProductType::bf16) {
      read_bf16(floats, weights, from, some, to, accumulate);
    } else {
      for_tasks(weights, some, floats.f32_tile_rows,
                [&](const Task& task) { multiply_f32(floats, weights, task, from, to, accumulate); });
    }
  }
}

}  // namespace focusllm
