#pragma once

#include "context/rotary.h"
#include "context/sequential.h"
#include "context/window_cache.h"

namespace focusllm::context {

/// StreamingLLM (arXiv 2309.17453): the first tokens ("attention sinks") and a sliding window; positions are
/// those in the cache, so that a query never stands further from the sinks than the cache is long. Constant
/// cost and memory; what left the window is forgotten. Sliding-window layers keep their own window.
class Streaming final : public Sequential {
 public:
  Streaming(const Options& options, std::shared_ptr<const model::Model> model, const CancelToken& cancel);
  std::int64_t memory_bytes() const override;
  static std::int64_t bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens);

 private:
  struct LayerCache {
    WindowCache local;
    WindowCache sinks;  ///< the first tokens, keys rotated at 0, 1, ...
  };
  void begin(std::int64_t first, std::int64_t count) override;
  void attend(const model::LayerRows& layer) override;
  void add_sinks(const model::LayerRows& layer, LayerCache& cache);

  std::int64_t initial_, local_;
  Rotary rotary_;       ///< true positions
  Rotary sink_rotary_;  ///< positions in the cache, for what queries see of the sinks
  std::vector<LayerCache> layers_;
  AlignedBuffer<float> lse_, sink_out_, sink_lse_;
};

}  // namespace focusllm::context
