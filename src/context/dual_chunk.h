#pragma once

#include <array>
#include <deque>
#include <utility>
#include <vector>

#include "context/single_lane.h"
#include "context/window_cache.h"

namespace focusllm::context {

struct Method;
extern const Method kDualChunk;

/// Dual Chunk Attention (arXiv 2402.17463, methods.md section 3): every token sees all tokens before it, but
/// no distance is larger than `chunk`. Keys stand at their place within a period of chunk - local tokens; a
/// query has one position for its own period, one for the period before it (true distances up to `local`
/// tokens, which are fewer than a period has), and one for all older ones. Up to chunk + 1 tokens this is
/// full attention. Cost and memory are those of full attention. Sliding-window layers keep their own window.
class DualChunk final : public SingleLane {
 public:
  DualChunk(const Options& options, std::shared_ptr<const model::Model> model);
  std::unique_ptr<Context> fork() const override { return std::make_unique<DualChunk>(*this); }
  std::int64_t memory_bytes() const override;

 private:
  /// The keys that a query sees with each of its three positions: its own period's, those of the period
  /// before it, all older ones.
  enum Span { kOwn, kPrevious, kOlder, kSpans };
  /// Rows of a pass that lie in one period.
  struct Group {
    std::int64_t period = 0, first = 0, count = 0;
  };
  void begin(std::span<const std::int64_t> positions) override;
  int turns() const override { return kSpans; }
  void attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) override;
  void save_rows(memory::Saver& saver) const override { context::save(layers_, saver); }
  void load_rows(memory::Loader& loader) override { context::load(layers_, loader); }
  /// What every group sees through one span, if anything.
  void add_parts(const model::LaneRows& rows, const WindowCache& cache, Span span);
  std::pair<std::int64_t, std::int64_t> keys_of(const model::LaneRows& rows, const Group& group,
                                                Span span) const;

  std::int64_t chunk_, period_;
  float scale_;  ///< of logits, the temperature included
  std::array<model::Rotations, kSpans> rotations_;
  std::vector<WindowCache> layers_;  ///< keys rotated at their place within the period
  std::vector<Group> groups_;
  std::deque<std::vector<attention::KvRun>> runs_;
  std::vector<std::vector<attention::Part>> parts_;  ///< of each group
};

}  // namespace focusllm::context
