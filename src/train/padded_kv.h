#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include "train/frozen_kv.h"

namespace focusllm::train {

/// Plain torch: keys and values of several sequences side by side, so that one product serves them all.
/// The sequences end together; the slots in front of a shorter one are empty.
class PaddedKv {
 public:
  using Parts = std::vector<const FrozenKv*>;  ///< of one sequence, one behind the other; each may be null

  PaddedKv() = default;
  /// A copy of the sequences, with `room` slots behind each of them that are to be filled.
  PaddedKv(const model::Spec& spec, const std::vector<Parts>& sequences, std::int64_t room,
           const Backend& backend);

  torch::Tensor keys(int layer) const { return data_[layer][0]; }    ///< [sequences, kv_heads, slots, dim]
  torch::Tensor values(int layer) const { return data_[layer][1]; }  ///< [sequences, kv_heads, slots, dim]
  /// Slots of one sequence at all layers: [layers, 2, kv_heads, count, dim].
  torch::Tensor part(std::int64_t sequence, std::int64_t first_slot, std::int64_t count) const {
    return data_.select(2, sequence).narrow(3, first_slot, count);
  }
  std::int64_t slots() const { return data_.size(4); }
  /// Where the slots stand in their sequences, below 0 if empty: [sequences, slots], int64.
  const torch::Tensor& positions() const { return positions_; }
  /// Tokens of each sequence, without the room.
  const std::vector<std::int64_t>& tokens() const { return tokens_; }

 private:
  torch::Tensor data_;  ///< [layers, 2, sequences, kv_heads, slots, dim]
  torch::Tensor positions_;
  std::vector<std::int64_t> tokens_;
};

}  // namespace focusllm::train
