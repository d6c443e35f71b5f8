#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/memory.h"
#include "model/low_rank.h"
#include "tensor/linear.h"

namespace focusllm::model {

/// q|k|v or o of a layer, for rows of both weight sets: 0 the model's own, 1 the candidates'.
struct AttentionProduct {
  Linear own;
  std::optional<Linear> candidate;  ///< whole matrices of the candidates'; else theirs are `own` and `delta`
  LowRank delta;

  /// x [rows, inputs] -> y [rows, outputs], dense, for rows of one use. `candidates` are the rows of weight
  /// set 1, ascending. y is overwritten, or added to if `accumulate`.
  void apply(const float* x, std::int64_t rows, std::span<const std::int64_t> candidates, float* y, Use use,
             bool accumulate) const;

 private:
  void apply_delta(const float* x, std::span<const std::int64_t> candidates, float* y, Use use) const;
  void apply_apart(const float* x, std::int64_t rows, std::span<const std::int64_t> candidates, float* y,
                   Use use, bool accumulate) const;
};

}  // namespace focusllm::model
