#include "context/recall/surprise.h"

#include <algorithm>

#include "tensor/row_ops.h"

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
  const auto vocabulary = static_cast<std::size_t>(model.spec().vocabulary);
  std::vector<float> logits(words_.size() * vocabulary);
  model.logits(hidden_.data(), std::ssize(words_), logits.data());
  double nats = 0;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const auto row = std::span<const float>(logits).subspan(i * vocabulary, vocabulary);
    model::Model::check_logits(row);
    nats += log_sum_exp(model.isa(), row) - static_cast<double>(row[static_cast<std::size_t>(words_[i])]);
  }
  return nats;
}

}  // namespace focusllm::context
