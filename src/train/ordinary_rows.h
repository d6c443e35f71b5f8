#pragma once

#include <memory>
#include <span>
#include <vector>

#include "focusllm/cancel.h"
#include "train/frozen_kv.h"
#include "train/frozen_model.h"

namespace focusllm::train {

/// Tokens behind what was encoded before them, in a world of their own: positions continue from `before`.
struct OrdinarySequence {
  const FrozenKv* before = nullptr;  ///< or null
  std::span<const Token> tokens;
  FrozenKv* kv = nullptr;  ///< of tokens.size() tokens: filled
};

/// Rows with the model's own weights: nothing trained reaches them, so they run without gradients.
class OrdinaryRows {
 public:
  virtual ~OrdinaryRows() = default;
  virtual void encode(std::span<const OrdinarySequence> sequences, const CancelToken& cancel) = 0;
  /// By the engine's decoder if the backend is fast, else in plain torch. The model outlives it.
  static std::unique_ptr<OrdinaryRows> make(const FrozenModel& model);
};

std::unique_ptr<OrdinaryRows> make_engine_rows(const FrozenModel& model);
std::unique_ptr<OrdinaryRows> make_torch_rows(const FrozenModel& model);

}  // namespace focusllm::train
