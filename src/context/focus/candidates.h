#pragma once

#include <vector>

#include "context/received.h"
#include "memory/segment.h"
#include "model/pass.h"
#include "model/rotations.h"

namespace focusllm::context {

/// One candidate for each chunk: its keys, rotated at the chunk's number, and values, in all layers; and how
/// much attention each one received.
class Candidates {
 public:
  Candidates(const model::Model& model, attention::KvType type, std::int64_t count);

  std::int64_t count() const { return memory_.capacity(); }
  int layers() const { return model_.spec().layers; }
  /// Candidate `index` is row `row` of the lane. Different candidates may be stored from different threads.
  void store(const model::LaneRows& rows, std::int64_t row, std::int64_t index);
  /// The same for a key before rotation and a value [kv_heads * dim] that were computed elsewhere.
  void store(int layer, const float* key, const float* value, std::int64_t index);
  attention::KvRun run(int layer) const { return memory_.run(layer, count(), 0); }
  attention::KvType type() const { return memory_.type(); }

  /// Notes what the candidates received of the last row's attention in `block`, which saw them all.
  void note(int layer, const attention::Block& block);
  void forget_attention();
  const std::vector<Received>& received() const { return received_; }
  /// The `count` candidates that single heads looked at hardest, in ascending order.
  std::vector<std::int64_t> hardest(std::int64_t count) const;
  std::int64_t bytes() const { return memory_.bytes(); }

 private:
  const model::Model& model_;
  memory::Segment memory_;
  model::Rotations rotations_;  ///< to positions 0 to count - 1
  std::vector<Received> received_;
  std::vector<float> shares_;
};

}  // namespace focusllm::context
