#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "context/infllm/block_memory.h"
#include "context/received.h"
#include "context/single_lane.h"
#include "context/window_cache.h"

namespace focusllm::context {

/// InfLLM (arXiv 2402.04617): each query sees its local window at true distances, and the first tokens, the
/// chosen memory blocks and the remainder's far part at one constant distance. Strict: no key counts twice.
/// Parity: as in the official code, all rows of a block of queries see all that is far for its last one, so
/// that in reading a key may count twice, near and far. Each layer chooses its own blocks, once for every
/// block of queries. Linear cost; memory grows with the text. Sliding-window layers keep their own window and
/// remember nothing else.
class InfLlm final : public SingleLane {
 public:
  InfLlm(const Options& options, std::shared_ptr<const model::Model> model);
  std::unique_ptr<Context> fork() const override;
  std::int64_t memory_bytes() const override;
  TierUse tier_use() const override;
  void start_citing() override;
  std::vector<Attended> attended() const override;

 private:
  struct LayerState {
    BlockMemory memory;
    memory::PagedRows rotated;  ///< keys of the local window, rotated at true positions
  };
  /// Of a block of rows; the far part is there only where something is far.
  enum { kNear, kFar, kParts };
  void begin(std::span<const std::int64_t> /*positions*/) override {}
  int turns() const override { return kParts; }
  bool watches() const override { return true; }
  void attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) override;
  void attended(const model::LaneRows& rows, std::span<const attention::Block> blocks) override;
  void save_rows(memory::Saver& saver) const override;
  void load_rows(memory::Loader& loader) override;
  void store(const model::LaneRows& rows, LayerState& state);
  void choose_local(const model::LaneRows& rows, LayerState& state);
  void choose_far(const model::LaneRows& rows, LayerState& state);
  /// [heads, keys]: the share of the rows' final attention that each key of the part receives. This thread's,
  /// until the next call.
  std::span<const float> sum_columns(const attention::Block& block, const attention::Part& part,
                                     std::int64_t keys) const;
  void score(const model::LaneRows& rows, const attention::Block& block, LayerState& state);
  /// What the chosen blocks received of the attention, for citations and for the cache.
  void weigh(const attention::Block& block, LayerState& state);
  /// Adds the masses of a head, one for each chosen block, to received_.
  void cite(std::span<const double> masses);
  std::vector<float> mean_query(const model::LaneRows& rows) const;

  BlockMemory::Sizes sizes_;
  std::int64_t top_k_, answer_top_k_;
  attention::Visible far_;
  model::Rotations far_rotations_;  ///< every row at local - 1
  std::vector<LayerState> layers_;
  std::vector<std::optional<WindowCache>> windows_;  ///< of sliding-window layers
  // Of the layer at hand: the local window, all that is far, and of that the chosen blocks.
  std::vector<attention::KvRun> local_runs_, far_runs_, chosen_runs_;
  std::vector<std::int64_t> chosen_;
  std::array<attention::Part, kParts> parts_;
  bool citing_ = false;
  std::int64_t passage() const;     ///< blocks that are cited together
  std::vector<Received> received_;  ///< [passages]
};

}  // namespace focusllm::context
