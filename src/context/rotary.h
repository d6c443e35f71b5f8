#pragma once

#include <cstdint>
#include <span>

#include "base/memory.h"
#include "model/model.h"
#include "model/rows.h"

namespace focusllm::context {

/// Turns queries and keys of a pass's rows into dense memory, by tables made once for all layers of a pass.
class Rotary {
 public:
  explicit Rotary(const model::Model& model) : model_(model) {}

  /// Positions of the rows of the passes to come; a single position serves any number of rows.
  void set_positions(std::span<const std::int64_t> positions);
  /// -> [rows, heads, dim], valid until the next call.
  const float* queries(const model::LayerRows& layer);
  /// -> [rows, kv_heads, dim], valid until the next call.
  const float* keys(const model::LayerRows& layer);

 private:
  const float* rotate(const model::LayerRows& layer, const float* from, int heads,
                      AlignedBuffer<float>& out) const;

  const model::Model& model_;
  bool constant_ = false;
  model::RopeTable table_, sliding_table_;
  Scratch<float> queries_, keys_;
};

}  // namespace focusllm::context
