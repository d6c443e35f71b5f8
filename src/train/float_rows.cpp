// Products of many rows in f32 or bf16 by oneDNN, on weights packed in the layout that it asks for.
#include "train/float_rows.h"

#include <algorithm>
#include <map>
#include <mutex>

#include <oneapi/dnnl/dnnl.hpp>

#include "base/bf16.h"
#include "base/memory.h"
#include "tensor/stack.h"

namespace focusllm::train {
namespace {

using dnnl::memory;

const dnnl::engine& cpu_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// A primitive is generated for one number of rows, in about a millisecond: so rows go in panels, and the last
// panel is rounded up to a multiple of kRowStep, which bounds the primitives to a few.
constexpr std::int64_t kPanelRows = 256;
constexpr std::int64_t kRowStep = 32;

class OneDnnRows final : public FloatRows {
 public:
  OneDnnRows(std::span<const BlockMatrix> stack, ProductType type)
      : inputs_(stack.front().cols),
        outputs_(stack_rows(stack)),
        number_(type == ProductType::bf16 ? memory::data_type::bf16 : memory::data_type::f32) {
    packed_description_ = describe(kPanelRows, false).weights_desc();
    pack(stack);
  }

  void apply(const float* x, std::int64_t rows, float* y, bool accumulate) const override {
    for (std::int64_t row = 0; row < rows; row += kPanelRows) {
      panel(x + row * inputs_, std::min(kPanelRows, rows - row), y + row * outputs_, accumulate);
    }
  }

 private:
  dnnl::matmul::primitive_desc describe(std::int64_t rows, bool accumulate) const {
    const memory::desc source({rows, inputs_}, number_, memory::format_tag::ab);
    const memory::desc weights = packed_description_
                                     ? packed_description_
                                     : memory::desc({inputs_, outputs_}, number_, memory::format_tag::any);
    const memory::desc target({rows, outputs_}, memory::data_type::f32, memory::format_tag::ab);
    dnnl::post_ops after;
    if (accumulate) after.append_sum(1.0F);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(after);
    return {dnnl::matmul::desc(source, weights, target), attributes, cpu_engine()};
  }

  void pack(std::span<const BlockMatrix> stack) {
    AlignedBuffer<float> plain(static_cast<std::size_t>(inputs_ * outputs_));
#pragma omp parallel for schedule(static)
    for (std::int64_t row = 0; row < outputs_; ++row)
      dequantize_row(stack, row, plain.data() + row * inputs_);
    const memory::desc source({inputs_, outputs_}, memory::data_type::f32, memory::format_tag::ba);
    packed_ = memory(packed_description_, cpu_engine());
    dnnl::stream stream(cpu_engine());
    memory from(source, cpu_engine(), plain.data());
    dnnl::reorder(from, packed_).execute(stream, from, packed_);
    stream.wait();
  }

  dnnl::matmul primitive(std::int64_t rows, bool accumulate) const {
    const std::lock_guard lock(mutex_);
    const auto key = rows * 2 + (accumulate ? 1 : 0);
    const auto found = primitives_.find(key);
    if (found != primitives_.end()) return found->second;
    return primitives_.emplace(key, dnnl::matmul(describe(rows, accumulate))).first->second;
  }

  void panel(const float* x, std::int64_t rows, float* y, bool accumulate) const;

  std::int64_t inputs_;
  std::int64_t outputs_;
  memory::data_type number_;
  memory::desc packed_description_;
  memory packed_;
  mutable std::mutex mutex_;
  mutable std::map<std::int64_t, dnnl::matmul> primitives_;
};

void OneDnnRows::panel(const float* x, std::int64_t rows, float* y, bool accumulate) const {
  thread_local AlignedBuffer<float> source_buffer;
  thread_local AlignedBuffer<float> target_buffer;
  const std::int64_t padded = (rows + kRowStep - 1) / kRowStep * kRowStep;
  const bool narrow = number_ == memory::data_type::bf16;
  const bool pads = padded != rows;
  void* source = const_cast<float*>(x);
  if (narrow || pads) {
    source_buffer.resize(static_cast<std::size_t>(padded * inputs_));
    source = source_buffer.data();
    if (narrow) {
      auto* out = reinterpret_cast<Bf16*>(source_buffer.data());
#pragma omp parallel for schedule(static)
      for (std::int64_t i = 0; i < padded * inputs_; ++i)
        out[i] = i < rows * inputs_ ? to_bf16(x[i]) : Bf16{};
    } else {
      std::copy_n(x, rows * inputs_, source_buffer.data());
      std::fill(source_buffer.data() + rows * inputs_, source_buffer.data() + padded * inputs_, 0.0F);
    }
  }
  float* target = y;
  if (pads) {
    target_buffer.resize(static_cast<std::size_t>(padded * outputs_));
    target = target_buffer.data();
  }
  const bool sums = accumulate && !pads;
  const memory a({{padded, inputs_}, number_, memory::format_tag::ab}, cpu_engine(), source);
  const memory c({{padded, outputs_}, memory::data_type::f32, memory::format_tag::ab}, cpu_engine(), target);
  dnnl::stream stream(cpu_engine());
  primitive(padded, sums)
      .execute(stream, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, packed_}, {DNNL_ARG_DST, c}});
  stream.wait();
  if (!pads) return;
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < rows * outputs_; ++i) y[i] = accumulate ? y[i] + target[i] : target[i];
}

}  // namespace

std::unique_ptr<const FloatRows> make_float_rows(std::span<const BlockMatrix> stack, ProductType type) {
  return std::make_unique<OneDnnRows>(stack, type);
}

}  // namespace focusllm::train
