#pragma once

#include <optional>
#include <span>
#include <vector>

#include "context/block_memory.h"
#include "context/received.h"
#include "context/rotary.h"
#include "context/sequential.h"
#include "context/window_cache.h"

namespace focusllm::context {

/// InfLLM (arXiv 2402.04617): each query sees its local window at true distances, and the first tokens, the
/// chosen memory blocks and the remainder's far part at one constant distance. Strict: no key counts twice.
/// Parity: as in the official code, all rows of a block of queries see all that is far for its last one, so
/// that in reading a key may count twice, near and far. Each layer chooses its own blocks, once for every
/// block of queries. Linear cost; memory grows with the text. Sliding-window layers keep their own window and
/// remember nothing else.
class InfLlm final : public Sequential {
 public:
  InfLlm(const Options& options, std::shared_ptr<const model::Model> model, const CancelToken& cancel);
  std::unique_ptr<Context> fork(const CancelToken& cancel) const override;
  std::int64_t memory_bytes() const override;
  TierUse tier_use() const override;
  void start_citing() override;
  std::vector<Attended> attended() const override;
  static void fill(Options& options, const model::Spec& spec);
  static std::int64_t bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens);
  /// Throws Error when what goes to the cache's file will not fit there.
  static void check_disk(const Options& options, const model::Spec& spec, std::int64_t tokens);

 private:
  struct LayerState {
    BlockMemory memory;
    memory::PagedRows rotated;  ///< keys of the local window, rotated at true positions
  };
  /// Of a block of rows; the far part is there only where something is far.
  enum { kNear, kFar, kParts };
  static void fill_cache(Options& options);
  void begin(std::int64_t first, std::int64_t count) override;
  void attend(const model::LayerRows& layer) override;
  void store(const model::LayerRows& layer, LayerState& state);
  void choose_local(const model::LayerRows& layer, LayerState& state);
  void choose_far(const model::LayerRows& layer, LayerState& state);
  attention::Part near_part(const model::LayerRows& layer);
  attention::Part far_part(const model::LayerRows& layer);
  /// Fills sums_ [heads, keys] with the share of the rows' final attention that each key of the part
  /// receives.
  void sum_columns(const attention::Block& block, const attention::Part& part, std::int64_t keys);
  void score(const model::LayerRows& layer, const attention::Block& block, LayerState& state);
  /// What the chosen blocks received of the attention, for citations and for the cache.
  void weigh(const attention::Block& block, LayerState& state);
  /// Adds the masses of a head, one for each chosen block, to received_.
  void cite(std::span<const double> masses);
  std::vector<float> mean_query(const model::LayerRows& layer) const;

  BlockMemory::Sizes sizes_;
  std::int64_t top_k_, answer_top_k_;
  attention::Visible far_;
  Rotary rotary_;      ///< true positions
  Rotary far_rotary_;  ///< every row at local - 1
  std::vector<LayerState> layers_;
  std::vector<std::optional<WindowCache>> windows_;  ///< of sliding-window layers
  Scratch<float> lse_, sums_;
  // Of the layer at hand: the local window, all that is far, and of that the chosen blocks.
  std::vector<attention::KvRun> local_runs_, far_runs_, chosen_runs_;
  std::vector<std::int64_t> chosen_;
  bool citing_ = false;
  std::int64_t passage() const;     ///< blocks that are cited together
  std::vector<Received> received_;  ///< [passages]
};

}  // namespace focusllm::context
