#include "tensor/product_type.h"

#include <algorithm>

#include "base/cpu.h"
#include "base/error.h"

namespace focusllm {
namespace {

ProductType checked(const Arithmetic& wanted) {
  if (wanted.type == ProductType::bf16 && !has_bf16_products(wanted.isa)) {
    fail("products in bf16 want AVX-512 BF16 or AMX; the kernels are those for {}: give auto, f32 or int8",
         isa_name(wanted.isa));
  }
  return wanted.type;
}

ProductType fastest_float(Isa isa) {
  return has_bf16_products(isa) && (isa == Isa::amx || fast_bf16_dot()) ? ProductType::bf16
                                                                        : ProductType::f32;
}

bool is_quantized(BlockType type) {
  return block_traits(type).elements > 1;
}

}  // namespace

// Measured (docs/performance.md): wherever a processor has VNNI, int8 outruns bf16 and f32 two to four times;
// without it, our int8 product is the slower one.
ProductType choose_product_type(BlockType type, Isa isa) {
  if (type == BlockType::f32) return ProductType::f32;
  if (is_quantized(type) && isa >= Isa::avx512_vnni) return ProductType::int8;
  return fastest_float(isa);
}

bool has_bf16_products(Isa isa) {
  return isa >= Isa::avx512_bf16;
}

ProductType resolve_product_type(std::span<const BlockMatrix> stack, const Arithmetic& wanted) {
  if (wanted.type != ProductType::automatic) return checked(wanted);
  ProductType chosen = ProductType::int8;
  for (const BlockMatrix& matrix : stack) {
    // One matrix of higher precision keeps the whole stack there.
    const ProductType type = choose_product_type(matrix.type, wanted.isa);
    if (chosen == ProductType::int8 || type == ProductType::f32) chosen = type;
  }
  return chosen;
}

}  // namespace focusllm
