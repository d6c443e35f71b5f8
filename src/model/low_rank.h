#pragma once

#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "tensor/linear.h"

namespace focusllm::model {

/// Low-rank additions to a product y = x W^T: for some ranges of its outputs, y += scale x A^T B^T. Const
/// after construction and shareable.
class LowRank {
 public:
  struct Part {
    Linear a;                ///< [rank, inputs]
    Linear b;                ///< [width, rank]
    float scale = 1;         ///< alpha / rank
    std::int64_t first = 0;  ///< output that b's first one is added to
  };
  void add(Part part) { parts_.push_back(std::move(part)); }
  bool empty() const { return parts_.empty(); }
  template <typename Body>
  void for_products(const Body& body) const {
    for (const Part& part : parts_) {
      body(part.a);
      body(part.b);
    }
  }

  /// x [rows, inputs] dense; y has rows of `stride` floats. Needs memory for two intermediate results.
  void apply(const float* x, std::int64_t rows, float* y, std::int64_t stride, Use use) const;

 private:
  std::vector<Part> parts_;
};

}  // namespace focusllm::model
