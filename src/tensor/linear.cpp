#include "tensor/linear.h"

#include <mutex>
#include <utility>

#include "base/cpu.h"
#include "base/error.h"
#include "tensor/few_rows.h"
#include "tensor/many_rows.h"
#include "tensor/product_type.h"
#include "tensor/stack.h"

namespace focusllm {

struct Linear::Impl {
  std::vector<BlockMatrix> stack;
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  ProductType type = ProductType::f32;
  mutable std::once_flag many_once;
  mutable std::unique_ptr<const ManyRows> many;
  mutable std::once_flag few_once;
  mutable std::unique_ptr<const FewRows> few;

  const ManyRows& packed() const {
    std::call_once(many_once, [this] { many = make_many_rows(stack, type); });
    return *many;
  }
  const FewRows& interleaved() const {
    std::call_once(few_once, [this] { few = std::make_unique<const FewRows>(stack); });
    return *few;
  }
  /// Rows from which on the packed copy is faster, measured (docs/performance.md). It is read at its own
  /// width, whatever the number of rows; the interleaved blocks are fewer bytes but cost more arithmetic for
  /// each row.
  std::int64_t threshold() const {
    if (type == ProductType::int8) return 8;
    return block_traits(stack.front().type).elements > 1 ? 24 : 16;
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

Linear::Linear(std::vector<BlockMatrix> stack, ProductType type) : impl_(std::make_unique<Impl>()) {
  check(stack);
  impl_->stack = std::move(stack);
  impl_->inputs = impl_->stack.front().cols;
  impl_->outputs = stack_rows(impl_->stack);
  impl_->type = resolve_product_type(impl_->stack, type);
}

Linear::~Linear() = default;
Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;

std::int64_t Linear::inputs() const {
  return impl_->inputs;
}
std::int64_t Linear::outputs() const {
  return impl_->outputs;
}
ProductType Linear::product_type() const {
  return impl_->type;
}
std::string_view Linear::kernel_name() const {
  if (impl_->type == ProductType::f32) return "oneDNN f32";
  if (impl_->type == ProductType::bf16) return "oneDNN bf16";
  if (active_isa() == Isa::amx) return "int8 tiles with AMX";
  return active_isa() >= Isa::avx512_vnni ? "int8 tiles with VNNI" : "int8 plain loops";
}
std::int64_t Linear::packed_bytes() const {
  const std::int64_t width = impl_->type == ProductType::f32 ? 4 : impl_->type == ProductType::bf16 ? 2 : 1;
  return width * impl_->inputs * impl_->outputs + FewRows::bytes(impl_->stack);
}
void Linear::prepare() const {
  impl_->interleaved();
  if (impl_->outputs <= kMostInt8Outputs) impl_->packed();
}

void Linear::apply(const float* x, std::int64_t rows, float* y, bool accumulate) const {
  if (rows <= 0) return;
  if (rows >= impl_->threshold()) {
    impl_->packed().apply(x, rows, y, accumulate);
  } else {
    impl_->interleaved().apply(x, rows, y, accumulate);
  }
}

}  // namespace focusllm
