#pragma once

#include <cstdint>
#include <span>

#include "model/model.h"

namespace focusllm::model {

/// The rotary embedding's angles at some positions, for layers of both kinds: those that see everything and
/// those that slide.
class Angles {
 public:
  Angles() = default;
  /// A single position serves any number of rows.
  Angles(const Model& model, std::span<const std::int64_t> positions);

  /// Turns `rows` rows of [heads, dim], `stride` floats apart, as the positions from `first` on say: out
  /// [rows, heads, dim].
  void turn(int layer, const float* from, std::int64_t stride, int heads, std::int64_t first,
            std::int64_t rows, float* out) const;

 private:
  const Model* model_ = nullptr;
  bool constant_ = false;
  RopeTable table_, sliding_table_;
};

}  // namespace focusllm::model
