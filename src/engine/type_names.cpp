#include "focusllm/session.h"

namespace focusllm {

std::string_view product_type_name(ProductType type) {
  switch (type) {
    case ProductType::automatic:
      return "auto";
    case ProductType::f32:
      return "f32";
    case ProductType::bf16:
      return "bf16";
    case ProductType::int8:
      return "int8";
  }
  return "?";
}

std::string_view kv_type_name(KvType type) {
  switch (type) {
    case KvType::f32:
      return "f32";
    case KvType::bf16:
      return "bf16";
    case KvType::int8:
      return "int8";
  }
  return "?";
}

}  // namespace focusllm
