#include "tensor/linear.h"

#include <mutex>
#include <utility>

#include "base/error.h"
#include "tensor/answer_rows.h"
#include "tensor/product_type.h"
#include "tensor/read_rows.h"
#include "tensor/stack.h"
#include "tensor/weights.h"

namespace focusllm {

struct Linear::Impl {
  std::vector<BlockMatrix> stack;
  std::int64_t outputs = 0;
  Arithmetic arithmetic;
  mutable std::once_flag once;
  mutable std::unique_ptr<const Weights> prepared;

  const Weights& weights() const {
    std::call_once(once, [this] { prepared = std::make_unique<const Weights>(stack); });
    return *prepared;
  }
};

namespace {

void check(const std::vector<BlockMatrix>& stack) {
  if (stack.empty()) fail("[Linear] no matrix given");
  for (const BlockMatrix& matrix : stack) {
    const BlockTraits traits = block_traits(matrix.type);
    if (matrix.rows <= 0 || matrix.cols <= 0 || matrix.data == nullptr) {
      fail("[Linear] a matrix of {} x {} has no elements", matrix.rows, matrix.cols);
    }
    if (matrix.cols != stack.front().cols) {
      fail("[Linear] matrices of one stack have {} and {} columns", stack.front().cols, matrix.cols);
    }
    if (matrix.cols % traits.elements != 0) {
      fail("[Linear] {} columns are not whole {} blocks of {}", matrix.cols, traits.name, traits.elements);
    }
  }
}

}  // namespace

Linear::Linear(std::vector<BlockMatrix> stack, const Arithmetic& arithmetic)
    : impl_(std::make_unique<Impl>()) {
  check(stack);
  impl_->stack = std::move(stack);
  impl_->outputs = stack_rows(impl_->stack);
  impl_->arithmetic = {resolve_product_type(impl_->stack, arithmetic), arithmetic.isa};
}

Linear::~Linear() = default;
Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;

std::int64_t Linear::inputs() const {
  return impl_->stack.front().cols;
}
std::int64_t Linear::outputs() const {
  return impl_->outputs;
}
ProductType Linear::product_type() const {
  return impl_->arithmetic.type;
}
Isa Linear::isa() const {
  return impl_->arithmetic.isa;
}
std::span<const BlockMatrix> Linear::stack() const {
  return impl_->stack;
}
std::string_view Linear::kernel_name(Use use) const {
  if (use == Use::answer) {
    return copied_bytes() > 0 ? "blocks of the file, 16 outputs side by side"
                              : "floats of the file, in place";
  }
  const auto [type, isa] = impl_->arithmetic;
  if (type == ProductType::f32) return "f32 tiles, panels unpacked as they pass";
  if (type == ProductType::bf16)
    return isa == Isa::amx ? "AMX tiles, panels unpacked as they pass"
                           : "dot products, panels unpacked as they pass";
  if (isa == Isa::amx) return "AMX tiles, panels unpacked as they pass";
  return isa >= Isa::avx512_vnni ? "VNNI tiles, panels unpacked as they pass" : "plain loops";
}
std::int64_t Linear::copied_bytes() const {
  std::int64_t bytes = 0;
  for (const BlockMatrix& matrix : impl_->stack) bytes += GroupedMatrix::bytes(matrix);
  return bytes;
}
void Linear::prepare() const {
  impl_->weights();
}

void Linear::apply(const float* x, std::int64_t rows, float* y, Use use, bool accumulate) const {
  if (rows <= 0) return;
  if (use == Use::read) {
    read_rows(impl_->weights(), impl_->arithmetic, x, rows, y, accumulate);
  } else {
    answer_rows(impl_->weights(), impl_->arithmetic.isa, x, rows, y, accumulate);
  }
}

}  // namespace focusllm
