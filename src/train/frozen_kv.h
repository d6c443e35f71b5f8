#pragma once

#include <torch/types.h>

#include "model/spec.h"
#include "train/backend.h"

namespace focusllm::train {

/// Keys (rotated at their positions, which never change) and values of some ordinary rows at all layers.
struct FrozenKv {
  torch::Tensor data;  ///< [layers, 2, kv_heads, tokens, dim] of Backend::kv_options()

  FrozenKv() = default;
  FrozenKv(const model::Spec& spec, std::int64_t count, const Backend& backend)
      : data(torch::empty({spec.layers, 2, spec.heads.kv_heads, count, spec.heads.dim},
                          backend.kv_options())) {}

  std::int64_t tokens() const { return data.defined() ? data.size(3) : 0; }
  torch::Tensor keys(int layer) const { return data[layer][0]; }    ///< [kv_heads, tokens, dim]
  torch::Tensor values(int layer) const { return data[layer][1]; }  ///< [kv_heads, tokens, dim]
  /// For attention::partial, on the CPU: the first token stands at `position`.
  attention::KvRun run(int layer, std::int64_t position) const {
    return {keys(layer).data_ptr(), values(layer).data_ptr(), nullptr, nullptr, tokens(), tokens(), position};
  }
};

}  // namespace focusllm::train
