#include "tensor/many_rows.h"

namespace focusllm {

std::unique_ptr<const ManyRows> make_many_rows(std::span<const BlockMatrix> stack, ProductType type) {
  if (type == ProductType::int8) return make_int8_rows(stack);
  return make_float_rows(stack, type);
}

}  // namespace focusllm
