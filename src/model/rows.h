#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "tensor/linear.h"

namespace focusllm::model {

/// Where a row ends whose final hidden state is wanted: behind all layers.
inline constexpr int kBehindAll = std::numeric_limits<int>::max();

/// Whether what has this end ends in a layer, of a model with `layers` of them, or did before.
inline bool ends_by(int end, int layer, int layers) {
  return end <= layer || (end != kBehindAll && layer + 1 == layers);
}

/// What goes through the decoder in one pass, one entry of each vector for each row.
struct Rows {
  std::vector<std::int32_t> tokens;
  std::vector<std::int64_t> positions;  ///< in the row's own sequence
  std::vector<Use> uses;                ///< what the row is for
  /// The layer whose keys and values are the last that is wanted of the row (the model's last one, if that
  /// comes before), or kBehindAll.
  std::vector<int> ends;
  /// Rows with the candidates' q, k, v, o, ascending; the others have the model's.
  std::vector<std::int64_t> candidates;

  std::int64_t size() const { return static_cast<std::int64_t>(positions.size()); }
  void add(std::int32_t token, std::int64_t position, Use use, int end) {
    tokens.push_back(token);
    positions.push_back(position);
    uses.push_back(use);
    ends.push_back(end);
  }
  /// Takes back all rows from this one on.
  void cut(std::int64_t row);
  /// Those that go on behind a layer, of a model with `layers` of them; ascending.
  std::vector<std::int64_t> behind(int layer, int layers) const;
  /// Only these rows, ascending.
  Rows only(std::span<const std::int64_t> rows) const;
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

/// Some rows that stand side by side.
struct RowRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

/// What each layer attends to: the one thing that the decoder does not know. Called layer by layer in order.
class AttentionSource {
 public:
  virtual ~AttentionSource() = default;
  virtual void attend(const LayerRows& layer) = 0;
  /// A row's numbers stopped being finite; `message` says where. Gives the rows that go no further: they are
  /// zero from here on, and the others are as they are without them. Throws to end the pass.
  virtual RowRange broken(std::int64_t row, const std::string& message) = 0;
};

}  // namespace focusllm::model
