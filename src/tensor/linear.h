#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/cpu.h"
#include "base/use.h"
#include "focusllm/types.h"
#include "tensor/block_type.h"

namespace focusllm {

/// What products are computed in.
struct Arithmetic {
  ProductType type = ProductType::automatic;
  Isa isa = default_isa();  ///< whose kernels compute
};

/// y = x W^T for a stack of matrices with the same input: their outputs stand side by side in y (q|k|v,
/// gate|up).
///
/// Quantised matrices are copied once, rearranged, in about their own size; nothing else is kept. Floats are
/// read where they are. The copy is made at the first call that wants it (thread-safe) or by prepare(), after
/// which the source is not read again. Const and shareable after construction.
class Linear {
 public:
  /// Throws Error for matrices that do not fit each other, and for bf16 with an instruction set that has no
  /// such products.
  explicit Linear(std::vector<BlockMatrix> stack, const Arithmetic& arithmetic = {});
  ~Linear();
  Linear(Linear&&) noexcept;
  Linear& operator=(Linear&&) noexcept;

  std::int64_t inputs() const;
  std::int64_t outputs() const;  ///< of all matrices of the stack together
  /// The type that rows are read in here; never automatic.
  ProductType product_type() const;
  Isa isa() const;
  /// What computes such rows, and the form of the weights that it reads, for `bench`.
  std::string_view kernel_name(Use use) const;
  /// Bytes of the rearranged copy, whether it is made already or not.
  std::int64_t copied_bytes() const;
  void prepare() const;
  std::span<const BlockMatrix> stack() const;

  /// x [rows, inputs], y [rows, outputs], both dense f32. y is overwritten, or added to if `accumulate`. The
  /// result of a row does not depend on how many others there are, nor which.
  void apply(const float* x, std::int64_t rows, float* y, Use use, bool accumulate = false) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether an instruction set can multiply in bf16 (AVX-512 BF16, or AMX).
bool has_bf16_products(Isa isa);
/// What `automatic` means for a file whose weights have the type `type`, with the kernels of `isa` on this
/// machine.
ProductType choose_product_type(BlockType type, Isa isa);

}  // namespace focusllm
