#pragma once

#include <array>
#include <deque>
#include <utility>
#include <vector>

#include "context/rotary.h"
#include "context/sequential.h"
#include "context/window_cache.h"

namespace focusllm::context {

/// Dual Chunk Attention (arXiv 2402.17463, methods.md section 3): every token sees all tokens before it, but
/// no distance is larger than `chunk`. Keys stand at their place within a period of chunk - local tokens; a
/// query has one position for its own period, one for the period before it (true distances up to `local`
/// tokens, which are fewer than a period has), and one for all older ones. Up to chunk + 1 tokens this is
/// full attention. Cost and memory are those of full attention. Sliding-window layers keep their own window.
class DualChunk final : public Sequential {
 public:
  DualChunk(const Options& options, std::shared_ptr<const model::Model> model, const CancelToken& cancel);
  std::unique_ptr<Context> fork(const CancelToken& cancel) const override { return fork_of(*this, cancel); }
  std::int64_t memory_bytes() const override;
  static void fill(Options& options, const model::Spec& spec);
  static std::int64_t bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens);

 private:
  /// The keys that a query sees with each of its three positions: its own period's, those of the period
  /// before it, all older ones.
  enum Span { kOwn, kPrevious, kOlder, kSpans };
  /// Rows of a pass that lie in one period.
  struct Group {
    std::int64_t period = 0, first = 0, count = 0;
  };
  void begin(std::int64_t first, std::int64_t count) override;
  void attend(const model::LayerRows& layer) override;
  /// What every group sees through one span, if anything.
  void add_parts(const model::LayerRows& layer, const WindowCache& cache, Span span);
  std::pair<std::int64_t, std::int64_t> keys_of(const Group& group, Span span) const;

  std::int64_t chunk_, period_;
  float scale_;  ///< of logits, the temperature included
  Rotary true_;  ///< for sliding-window layers
  std::array<Rotary, kSpans> rotary_;
  std::vector<WindowCache> layers_;  ///< keys rotated at their place within the period
  std::vector<Group> groups_;
  std::deque<std::vector<attention::KvRun>> runs_;
  std::vector<std::vector<attention::Part>> parts_;  ///< of each group
};

}  // namespace focusllm::context
