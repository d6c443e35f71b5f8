#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace focusllm::model {

/// How a file stretches its rotary embedding beyond the context it was first trained with.
struct RopeScaling {
  enum class Kind { none, linear, llama3, yarn };
  Kind kind = Kind::none;
  double factor = 1;                             ///< linear, llama3, yarn: how many times longer
  double original_context = 0;                   ///< llama3, yarn: tokens
  double low_frequency = 1, high_frequency = 4;  ///< llama3
  double beta_fast = 32, beta_slow = 1;          ///< yarn
  double attention_factor = 1;                   ///< yarn: on top of 0.1 ln(factor) + 1
  std::vector<float> frequency_divisors;         ///< [dim / 2] from rope_freqs.weight, or empty
};

/// Cosines and sines for some positions: [positions, dim / 2] each.
struct RopeTable {
  std::vector<float> cos;
  std::vector<float> sin;
};

/// Rotary position embedding (arXiv 2104.09864) of the first `dim` elements of each head. Immutable.
class Rope {
 public:
  /// paired: element 2i turns with 2i+1 (llama files); else i turns with i + dim/2 (all others).
  Rope(int dim, double base, const RopeScaling& scaling, bool paired);

  int dim() const { return dim_; }
  RopeTable table(std::span<const std::int64_t> positions) const;
  /// Rotates one row [heads, head_dim] by row `row` of a table; out may be x. Elements beyond dim() are
  /// copied.
  void rotate(const float* x, int heads, int head_dim, const RopeTable& table, std::int64_t row,
              float* out) const;

 private:
  int dim_;
  bool paired_;
  double magnitude_ = 1;             ///< yarn's temperature, on cosines and sines
  std::vector<double> frequencies_;  ///< [dim / 2] radians per position
};

}  // namespace focusllm::model
