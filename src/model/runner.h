#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "model/decoder.h"
#include "model/pass.h"

namespace focusllm::model {

/// Runs passes: the only one who drives a decoder. Holds the scratch memory of the pass at hand, whatever
/// number of sessions its rows are from. For one thread.
class Runner final : private AttentionSource {
 public:
  /// `backend`: what computes attention in place of our kernels, for comparisons; null: nothing.
  explicit Runner(std::shared_ptr<const Model> model, const attention::Backend* backend = nullptr)
      : decoder_(std::move(model)), backend_(backend) {}

  const Model& model() const { return decoder_.model(); }
  /// What breaks a lane (numbers that are not finite, a part elsewhere that fails, what the lane throws) is
  /// kept for Pass::check, and the other lanes are as they are without it. Asks `stop` between layers: where
  /// it says so, all lanes are left half way, and Cancelled is thrown.
  void run(Pass& pass, const std::function<bool()>& stop = {});

 private:
  void attend(const LayerRows& layer) override;
  RowRange broken(std::int64_t row, const std::string& message) override;
  void size_scratch();
  LaneRows lane_rows(const LayerRows& layer, const Pass::Entry& entry, std::int64_t at);
  /// Calls body(entry's number) for all lanes that are whole; what it throws breaks the lane.
  template <typename Body>
  void for_lanes(const Body& body);
  void attend_blocks();

  Decoder decoder_;
  const attention::Backend* backend_;
  Pass* pass_ = nullptr;
  Rotations rotations_;
  int turns_ = 1;
  bool watched_ = false;                               ///< some lane of the pass watches
  std::vector<LaneRows> lanes_;                        ///< of the layer at hand
  std::vector<std::vector<attention::Block>> blocks_;  ///< of each lane
  std::vector<attention::Block> all_blocks_;
  std::vector<std::size_t> owners_;           ///< the lane of each block
  std::vector<std::exception_ptr> failures_;  ///< of each block
  Scratch<float> queries_, keys_, lse_;
};

}  // namespace focusllm::model
