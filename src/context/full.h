#pragma once

#include "context/rotary.h"
#include "context/sequential.h"
#include "context/window_cache.h"

namespace focusllm::context {

/// Everything attends to everything before it, at true positions: the plain model. Sliding-window layers keep
/// their window. Cost per token grows with the text; beyond the trained context it is refused unless asked
/// for.
class Full final : public Sequential {
 public:
  Full(const Options& options, std::shared_ptr<const model::Model> model, const CancelToken& cancel);
  std::unique_ptr<Context> fork(const CancelToken& cancel) const override { return fork_of(*this, cancel); }
  std::int64_t memory_bytes() const override;
  std::int64_t room() const override;
  static void fill(Options& options, const model::Spec& spec);
  static std::int64_t bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens);
  static void check_positions(const Options& options, const model::Spec& spec, std::int64_t tokens);

 private:
  void begin(std::int64_t first, std::int64_t count) override;
  void attend(const model::LayerRows& layer) override;

  Options options_;
  Rotary rotary_;
  std::vector<WindowCache> layers_;
};

}  // namespace focusllm::context
