#include "tensor/product_type.h"

#include <algorithm>

#include "base/cpu.h"
#include "base/error.h"

namespace focusllm {
namespace {

ProductType checked(ProductType type) {
  if (type == ProductType::bf16 && !has_bf16_products()) {
    fail(
        "--product-type bf16: this processor has no products in bf16 (they want AVX-512, it has {}): give "
        "auto, "
        "f32 or int8",
        isa_name(supported_isas().back()));
  }
  return type;
}

ProductType fastest_float() {
  return active_isa() == Isa::amx || fast_bf16_dot() ? ProductType::bf16 : ProductType::f32;
}

bool is_quantized(BlockType type) {
  return block_traits(type).elements > 1;
}

}  // namespace

// Measured (docs/performance.md): wherever a processor has VNNI, int8 outruns bf16 and f32 two to four times;
// without it, our int8 product is the slower one.
ProductType choose_product_type(BlockType type) {
  if (type == BlockType::f32) return ProductType::f32;
  if (is_quantized(type) && active_isa() >= Isa::avx512_vnni) return ProductType::int8;
  return fastest_float();
}

bool has_bf16_products() {
  return supported_isas().back() >= Isa::avx512;
}

ProductType resolve_product_type(std::span<const BlockMatrix> stack, ProductType wanted) {
  std::int64_t outputs = 0;
  ProductType chosen = ProductType::int8;
  for (const BlockMatrix& matrix : stack) {
    // One matrix of higher precision keeps the whole stack there.
    const ProductType type = choose_product_type(matrix.type);
    if (chosen == ProductType::int8 || type == ProductType::f32) chosen = type;
    outputs += matrix.rows;
  }
  if (wanted != ProductType::automatic) chosen = checked(wanted);
  if (chosen == ProductType::int8 && outputs > kMostInt8Outputs) return fastest_float();
  return chosen;
}

}  // namespace focusllm
