#pragma once

#include "context/single_lane.h"
#include "context/window_cache.h"

namespace focusllm::context {

struct Method;
extern const Method kFull;

/// Everything attends to everything before it, at true positions: the plain model. Sliding-window layers keep
/// their window. Cost per token grows with the text; beyond the trained context it is refused unless asked
/// for.
class Full final : public SingleLane {
 public:
  Full(const Options& options, std::shared_ptr<const model::Model> model);
  std::unique_ptr<Context> fork() const override { return std::make_unique<Full>(*this); }
  std::int64_t memory_bytes() const override;
  std::int64_t room() const override;

 private:
  void begin(std::span<const std::int64_t> positions) override;
  void attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) override;
  void save_rows(memory::Saver& saver) const override { context::save(layers_, saver); }
  void load_rows(memory::Loader& loader) override { context::load(layers_, loader); }

  Options options_;
  std::vector<WindowCache> layers_;
};

}  // namespace focusllm::context
