#include <fmt/format.h>

#include "engine/parts.h"
#include "focusllm/measure.h"

namespace focusllm {
namespace {

/// "Q4_K, Q6_K", each once.
std::string block_types(const Linear& linear) {
  std::string names;
  for (const BlockMatrix& matrix : linear.stack()) {
    const std::string_view name = block_traits(matrix.type).name;
    if (names.find(name) != std::string::npos) continue;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  }
  return names;
}

ProductKernel product(const std::string& name, const Linear& linear) {
  return {name, std::string(product_type_name(linear.product_type())),
          std::string(linear.kernel_name(Use::read)), block_types(linear),
          std::string(linear.kernel_name(Use::answer))};
}

ProductKernel head(const Linear& linear) {
  return {"head", "", "", block_types(linear), std::string(linear.kernel_name(Use::answer))};
}

}  // namespace

std::vector<ProductKernel> product_kernels(const Engine& engine) {
  const model::Layer& layer = model_of(engine).layers().front();
  return {product("qkv", layer.qkv.own), product("attention output", layer.attention_out.own),
          product("gate and up", layer.gate_up), product("down", layer.down), head(model_of(engine).head())};
}

std::string_view attention_kernel(const Engine& engine, KvType type) {
  return attention::kernel_name(type, model_of(engine).isa());
}

}  // namespace focusllm
