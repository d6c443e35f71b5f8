#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace focusllm::train {

double learning_rate(const TrainerOptions& options, std::int64_t step) {
  if (step < options.warmup_steps) {
    return options.learning_rate * static_cast<double>(step + 1) / static_cast<double>(options.warmup_steps);
  }
  const auto falling =
      static_cast<double>(std::max<std::int64_t>(1, options.steps - 1 - options.warmup_steps));
  const double done = std::min(1.0, static_cast<double>(step - options.warmup_steps) / falling);
  const double above = options.learning_rate - options.final_learning_rate;
  return options.final_learning_rate + above * (1 + std::cos(std::numbers::pi * done)) / 2;
}

}  // namespace focusllm::train
