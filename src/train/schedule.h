#pragma once

#include <cstdint>

#include "train/trainer.h"

namespace focusllm::train {

/// The learning rate of step `step` (from 0): a linear warm-up to `learning_rate`, then half a cosine down to
/// `final_learning_rate` at the last step of `steps`, and that from there on.
double learning_rate(const TrainerOptions& options, std::int64_t step);

}  // namespace focusllm::train
