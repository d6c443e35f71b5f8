#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/linear.h"

namespace focusllm::model {

/// What goes through the decoder in one pass, one entry of each vector for each row.
struct Rows {
  std::vector<std::int32_t> tokens;     ///< ignored where `states` are given
  std::vector<std::int64_t> positions;  ///< in the row's own sequence
  std::vector<Use> uses;                ///< what the row is for
  /// Rows with the candidates' q, k, v, o, ascending; the others have the model's.
  std::vector<std::int64_t> candidates;
  const float* states = nullptr;  ///< [rows, width] instead of embedded tokens, or null

  std::int64_t size() const { return static_cast<std::int64_t>(positions.size()); }
  void clear() {
    tokens.clear();
    positions.clear();
    uses.clear();
    candidates.clear();
    states = nullptr;
  }
  void add(std::int32_t token, std::int64_t position, Use use, bool candidate = false) {
    if (candidate) candidates.push_back(size());
    tokens.push_back(token);
    positions.push_back(position);
    uses.push_back(use);
  }
  /// Calls body(first, count, use) for rows that stand side by side and are for the same.
  template <typename Body>
  void for_uses(Body&& body) const {
    for (std::size_t first = 0; first < uses.size();) {
      std::size_t end = first + 1;
      while (end < uses.size() && uses[end] == uses[first]) ++end;
      body(static_cast<std::int64_t>(first), static_cast<std::int64_t>(end - first), uses[first]);
      first = end;
    }
  }
};

/// Queries, keys and values of one layer for all rows, after QK-norm and before the rotary embedding.
struct LayerRows {
  int layer = 0;
  const Rows& rows;
  const float* qkv =
      nullptr;  ///< row r at qkv + r * stride: queries [heads, dim] | keys [kv_heads, dim] | values
  std::int64_t stride = 0;
  std::int64_t keys = 0;    ///< offset of the keys in a row
  std::int64_t values = 0;  ///< offset of the values in a row
  float* out = nullptr;     ///< [rows, heads, dim], dense: the attention's result goes here
};

/// What each layer attends to: the one thing that differs between methods. Called layer by layer in order.
class AttentionSource {
 public:
  virtual ~AttentionSource() = default;
  virtual void attend(const LayerRows& layer) = 0;
};

}  // namespace focusllm::model
