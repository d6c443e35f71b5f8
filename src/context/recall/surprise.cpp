#include "context/recall/surprise.h"

#include <algorithm>

#include "model/log_probabilities.h"

namespace focusllm::context {

Surprise::Surprise(const model::Spec& spec, std::int64_t first, std::span<const Token> words)
    : width_(spec.width), first_(first), words_(words.begin(), words.end()) {}

void Surprise::take(std::int64_t first, std::span<const float> hidden) {
  const std::int64_t end = first + std::ssize(hidden) / width_;
  const std::int64_t from = std::max(first, first_ - 1);
  const std::int64_t to = std::min(end, first_ - 1 + std::ssize(words_));
  if (from >= to) return;
  const auto rows = hidden.subspan(static_cast<std::size_t>((from - first) * width_),
                                   static_cast<std::size_t>((to - from) * width_));
  hidden_.insert(hidden_.end(), rows.begin(), rows.end());
}

double Surprise::nats(const model::Model& model) const {
  double nats = 0;
  for (const double one : model::log_probabilities(model, hidden_, words_)) nats -= one;
  return nats;
}

}  // namespace focusllm::context
