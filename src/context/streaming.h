#pragma once

#include <array>

#include "context/single_lane.h"
#include "context/window_cache.h"

namespace focusllm::context {

struct Method;
extern const Method kStreaming, kLmInfinite;

/// Bytes of the first tokens and the window in the first `layers` layers.
std::int64_t window_needed(const Options& options, const model::Spec& spec, std::int64_t tokens, int layers);

/// The first tokens ("attention sinks") and a sliding window; what left the window is forgotten. Constant
/// cost and memory. Two methods that differ in where the sinks stand for queries that have left them behind:
/// - streaming (StreamingLLM, arXiv 2309.17453): positions are those in the cache, so right before the
/// window;
/// - lm-infinite (arXiv 2308.16137): all at one distance, that of the window's first token.
/// Sliding-window layers keep their own window.
class Streaming : public SingleLane {
 public:
  /// one_distance: lm-infinite.
  Streaming(const Options& options, std::shared_ptr<const model::Model> model, bool one_distance);
  std::unique_ptr<Context> fork() const override { return std::make_unique<Streaming>(*this); }
  std::int64_t memory_bytes() const override;

 protected:
  void attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) override;
  void save_rows(memory::Saver& saver) const override;
  void load_rows(memory::Loader& loader) override;

 private:
  struct LayerCache {
    WindowCache local;
    WindowCache sinks;  ///< the first tokens, keys rotated at 0, 1, ... or, at one distance, not at all
  };
  void begin(std::span<const std::int64_t> positions) override;
  int turns() const override { return 2; }
  void add_sinks(const model::LaneRows& rows, const float* keys, LayerCache& cache);

  bool one_distance_;
  std::int64_t initial_, local_;
  model::Rotations sink_rotations_;  ///< of the queries, for what they see of the sinks
  std::vector<LayerCache> layers_;
  std::array<attention::Part, 2> parts_;  ///< of the layer at hand
};

}  // namespace focusllm::context
