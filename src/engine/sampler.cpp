#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tensor/row_ops.h"

namespace focusllm {
namespace {

void require(bool good, const char* message) {
  if (!good) throw UsageError(message);
}

}  // namespace

Sampler::Sampler(const SamplingOptions& options, Isa isa)
    : options_(options), isa_(isa), random_(options.seed) {
  require(options.temperature >= 0 && std::isfinite(options.temperature),
          "temperature: must be 0 (greedy) or more");
  require(options.top_k >= 0, "top-k: must be 0 (all) or more");
  require(options.top_p >= 0 && options.top_p <= 1, "top-p: must be from 0 (the likeliest token) to 1 (all)");
  require(options.min_p >= 0 && options.min_p <= 1, "min-p: must be from 0 (all) to 1 (the likeliest token)");
  require(options.repeat_penalty > 0 && std::isfinite(options.repeat_penalty),
          "repeat penalty: must be above 0");
  for (const float penalty : {options_.presence_penalty, options_.frequency_penalty})
    require(penalty >= -2 && penalty <= 2, "presence and frequency penalties: must be from -2 to 2");
}

bool Sampler::penalises() const {
  return options_.repeat_penalty != 1 || counts();
}

std::vector<Sampler::Candidate> Sampler::penalised(std::span<const float> logits,
                                                   std::span<const Token> recent) const {
  std::vector<Candidate> candidates(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) candidates[i] = {static_cast<Token>(i), logits[i]};
  if (options_.repeat_penalty != 1) penalise_repeated(candidates, recent);
  for (const auto& [id, count] : drawn_) {
    candidates[static_cast<std::size_t>(id)].logit -=
        options_.presence_penalty + static_cast<float>(count) * options_.frequency_penalty;
  }
  return candidates;
}

void Sampler::penalise_repeated(std::vector<Candidate>& candidates, std::span<const Token> recent) const {
  const auto count = std::min(recent.size(), static_cast<std::size_t>(std::max(0, options_.repeat_last)));
  std::vector<Token> seen(recent.end() - static_cast<std::ptrdiff_t>(count), recent.end());
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  for (const Token id : seen) {
    float& logit = candidates[static_cast<std::size_t>(id)].logit;
    logit = logit > 0 ? logit / options_.repeat_penalty : logit * options_.repeat_penalty;
  }
}

void Sampler::keep_likely(std::vector<Candidate>& candidates) const {
  const auto better = [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
  };
  const std::size_t k = options_.top_k == 0
                            ? candidates.size()
                            : std::min(candidates.size(), static_cast<std::size_t>(options_.top_k));
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(k), candidates.end(),
                    better);
  candidates.resize(k);
  const float best = candidates.front().logit;
  double total = 0;
  for (const Candidate& c : candidates) total += std::exp(c.logit - best);
  double sum = 0;
  std::size_t kept = 0;
  while (kept < candidates.size() && sum < options_.top_p * total)
    sum += std::exp(candidates[kept++].logit - best);
  candidates.resize(std::max<std::size_t>(kept, 1));
  std::erase_if(candidates, [&](const Candidate& c) { return std::exp(c.logit - best) < options_.min_p; });
}

Token Sampler::sample(std::span<const float> logits, std::span<const Token> recent) {
  const Token id = draw(logits, recent);
  if (counts()) ++drawn_[id];
  return id;
}

Token Sampler::draw(std::span<const float> logits, std::span<const Token> recent) {
  if (options_.temperature == 0 && !penalises()) return static_cast<Token>(place_of_largest(isa_, logits));
  std::vector<Candidate> candidates = penalised(logits, recent);
  if (options_.temperature == 0) {
    return std::max_element(candidates.begin(), candidates.end(),
                            [](const Candidate& a, const Candidate& b) { return a.logit < b.logit; })
        ->id;
  }
  keep_likely(candidates);
  std::vector<double> weights;
  const float best = candidates.front().logit;
  for (const Candidate& c : candidates) weights.push_back(std::exp((c.logit - best) / options_.temperature));
  const double point = std::uniform_real_distribution<double>(
      0, std::accumulate(weights.begin(), weights.end(), 0.0))(random_);
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    sum += weights[i];
    if (point < sum) return candidates[i].id;
  }
  return candidates.back().id;
}

std::vector<TokenProbability> most_likely(Isa isa, std::span<const float> logits, int count) {
  std::vector<Token> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto kept = std::min(ids.size(), static_cast<std::size_t>(std::max(0, count)));
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(kept), ids.end(),
                    [&](Token a, Token b) {
                      const float x = logits[static_cast<std::size_t>(a)];
                      const float y = logits[static_cast<std::size_t>(b)];
                      return x != y ? x > y : a < b;
                    });
  const double total = log_sum_exp(isa, logits);
  std::vector<TokenProbability> top;
  for (std::size_t i = 0; i < kept; ++i) {
    top.push_back({ids[i], static_cast<float>(logits[static_cast<std::size_t>(ids[i])] - total)});
  }
  return top;
}

}  // namespace focusllm
