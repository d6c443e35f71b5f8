#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/model.h"

namespace focusllm::model {

/// A model's rotary embeddings at some positions: each layer turns by its own, or not at all (NoPE). The
/// model outlives this. Const, thread-safe.
class Rotations {
 public:
  Rotations() = default;
  Rotations(const Model& model, std::span<const std::int64_t> positions);

  /// One row [heads, dim] of a layer's queries or keys, to the position `index` of those that were given; out
  /// may be x.
  void rotate(int layer, const float* x, int heads, std::int64_t index, float* out) const;
  /// `rows` rows, `stride` floats apart, to the positions from `index` on; a single position serves any
  /// number of rows. out [rows, heads, dim].
  void rotate_rows(int layer, const float* x, std::int64_t stride, int heads, std::int64_t index,
                   std::int64_t rows, float* out) const;

 private:
  const Model* model_ = nullptr;
  bool constant_ = false;
  std::vector<RopeTable> tables_;  ///< of Model::ropes()
};

}  // namespace focusllm::model
