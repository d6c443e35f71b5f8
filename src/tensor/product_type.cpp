#include "tensor/product_type.h"

#include <algorithm>

#include "base/cpu.h"
#include "base/error.h"

namespace focusllm {
namespace {

ProductType checked(ProductType type) {
  if (type == ProductType::bf16 && !has_bf16_products()) {
    fail("products in bf16 want AVX-512 BF16 or AMX; this processor has {}: give auto, f32 or int8",
         isa_name(active_isa()));
  }
  return type;
}

ProductType fastest_float() {
  return has_bf16_products() && (active_isa() == Isa::amx || fast_bf16_dot()) ? ProductType::bf16
                                                                              : ProductType::f32;
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
  return active_isa() >= Isa::avx512_bf16;
}

ProductType resolve_product_type(std::span<const BlockMatrix> stack, ProductType wanted) {
  if (wanted != ProductType::automatic) return checked(wanted);
  ProductType chosen = ProductType::int8;
  for (const BlockMatrix& matrix : stack) {
    // One matrix of higher precision keeps the whole stack there.
    const ProductType type = choose_product_type(matrix.type);
    if (chosen == ProductType::int8 || type == ProductType::f32) chosen = type;
  }
  return chosen;
}

}  // namespace focusllm
