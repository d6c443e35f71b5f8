#pragma once

#include <vector>

#include "model/model.h"
#include "model/pass.h"

namespace focusllm::context {

/// A lane whose rows see all its keys at their own places, causally; in sliding-window layers, their window
/// of them.
class Sequence : public model::Lane {
 public:
  explicit Sequence(const model::Spec& spec) : spec_(&spec) {}
  void attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) final;

 protected:
  /// Keeps keys and values of the rows; `keys` are the rotated ones, [rows, kv_heads * dim].
  virtual void store(const model::LaneRows& rows, const float* keys) = 0;
  /// What the rows attend to. Appends runs at the rows' own positions.
  virtual void add_runs(int layer, std::vector<attention::KvRun>& runs) const = 0;
  virtual attention::KvType type() const = 0;
  /// Whether the attention is looked at where nobody sees its result.
  virtual bool noting() const { return false; }
  bool watches() const override { return noting(); }
  const model::Spec& spec() const { return *spec_; }
  std::int64_t key_width() const { return std::int64_t{spec_->heads.kv_heads} * spec_->heads.dim; }

 private:
  const model::Spec* spec_;
  std::vector<attention::KvRun> runs_;  ///< of the layer at hand
  attention::Part part_;
};

}  // namespace focusllm::context
