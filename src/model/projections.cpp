#include "model/projections.h"

namespace focusllm::model {

std::string Projection::tensor(int layer) const {
  return "blk." + std::to_string(layer) + "." + name + ".weight";
}

std::array<Projection, 4> projections(const Spec& spec) {
  const std::int64_t queries = spec.attention_width();
  const std::int64_t keys = std::int64_t{spec.heads.kv_heads} * spec.heads.dim;
  const std::int64_t width = spec.width;
  return {{{"attn_q", queries, width},
           {"attn_k", keys, width},
           {"attn_v", keys, width},
           {"attn_output", width, queries}}};
}

}  // namespace focusllm::model
