#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "tensor/block_type.h"

namespace focusllm {

/// Number type in which a product of many rows is computed. `automatic`: the fastest type on this machine
/// that keeps perplexity within 0.5 % for the file's own precision (int8 only for quantised files).
enum class ProductType { automatic, f32, bf16, int8 };

/// y = x W^T for a stack of matrices with the same input: their outputs stand side by side in y (q|k|v,
/// gate|up).
///
/// Few rows (decode) read the file's quantised blocks, interleaved over 16 outputs; many rows go through int8
/// tiles or oneDNN on a packed copy. Both copies are made at the first call that wants them (thread-safe) or
/// by prepare(), which leaves out the packed one of a vocabulary's head. Const and shareable after
/// construction.
class Linear {
 public:
  explicit Linear(std::vector<BlockMatrix> stack, ProductType type = ProductType::automatic);
  ~Linear();
  Linear(Linear&&) noexcept;
  Linear& operator=(Linear&&) noexcept;

  std::int64_t inputs() const;
  std::int64_t outputs() const;  ///< of all matrices of the stack together
  /// The type that products with many rows use here, and the kernel's name, for `bench`.
  ProductType product_type() const;
  std::string_view kernel_name() const;
  /// Bytes of the copies of the weights that products use beside the file's own blocks, once they are made.
  std::int64_t packed_bytes() const;
  void prepare() const;

  /// x [rows, inputs], y [rows, outputs], both dense f32. y is overwritten, or added to if `accumulate`.
  void apply(const float* x, std::int64_t rows, float* y, bool accumulate = false) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether this processor can multiply in bf16: oneDNN does from AVX-512 on.
bool has_bf16_products();
/// What `automatic` means for a file whose weights have the type `type`, on this machine.
ProductType choose_product_type(BlockType type);

}  // namespace focusllm
