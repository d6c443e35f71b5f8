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
  /// Queries against one part of the keys, with memory for the result.
  struct Part {
    std::vector<attention::KvRun> runs;
    Scratch<float> out, lse;
  };
  static void fill_cache(Options& options);
  void begin(std::int64_t first, std::int64_t count) override;
  void attend(const model::LayerRows& layer) override;
  void attend_window(const model::LayerRows& layer, WindowCache& cache);
  void store(const model::LayerRows& layer, LayerState& state);
  void add_local(const model::LayerRows& layer, LayerState& state);
  void add_far(const model::LayerRows& layer, LayerState& state);
  void run(const model::LayerRows& layer, const LayerState& state);
  /// Fills sums_ [heads, keys] with the share of the rows' final attention that each key of the runs
  /// receives.
  void sum_columns(const model::LayerRows& layer, const float* queries, attention::Visible visible,
                   const std::vector<attention::KvRun>& runs, std::int64_t keys);
  void score(const model::LayerRows& layer, LayerState& state);
  /// What the chosen blocks received of the attention, for citations and for the cache.
  void weigh(const model::LayerRows& layer, LayerState& state);
  /// Adds the masses of a head, one for each chosen block, to received_.
  void cite(std::span<const double> masses);
  std::vector<float> mean_query(const model::LayerRows& layer) const;
  Part& next_part();

  BlockMemory::Sizes sizes_;
  std::int64_t top_k_, answer_top_k_;
  attention::Visible far_;
  Rotary rotary_;      ///< true positions
  Rotary far_rotary_;  ///< every row at local - 1
  std::vector<LayerState> layers_;
  std::vector<std::optional<WindowCache>> windows_;  ///< of sliding-window layers
  std::vector<Part> parts_;                          ///< [0] is the local window; reused from call to call
  std::size_t used_parts_ = 0;
  Scratch<float> sums_;
  std::vector<std::int64_t> chosen_;           ///< blocks of the layer at hand
  std::vector<attention::KvRun> chosen_runs_;  ///< their keys and values
  bool citing_ = false;
  std::int64_t passage() const;     ///< blocks that are cited together
  std::vector<Received> received_;  ///< [passages]
};

}  // namespace focusllm::context
