#include "data/sampler.h"

#include "data/validate.h"

namespace focusllm::data {
namespace {

using train::Sample;

constexpr Sample::Kind kKinds[] = {Sample::Kind::continuation, Sample::Kind::repetition,
                                   Sample::Kind::retrieval};
/// Tells sequences of random numbers of one seed apart.
enum Purpose : std::uint64_t { kPool = 1, kSample = 2 };

std::uint64_t pool_seed(std::uint64_t seed) {
  return static_cast<std::uint64_t>(Random{seed, kPool}.below(std::int64_t{1} << 62));
}

std::vector<double> shares(const SamplerOptions& options) {
  return {options.continuation, options.repetition, options.retrieval};  // as in kKinds
}

Drawn draw_kind(const Draw& draw, Sample::Kind kind) {
  switch (kind) {
    case Sample::Kind::continuation:
      return draw_continuation(draw);
    case Sample::Kind::repetition:
      return draw_repetition(draw);
    case Sample::Kind::retrieval:
      break;
  }
  return draw_retrieval(draw);
}

}  // namespace

Sampler::Sampler(Documents documents, std::shared_ptr<const Tokenizer> tokenizer,
                 const SamplerOptions& options, std::uint64_t seed, std::uint64_t ids)
    : documents_(std::move(documents)),
      tokenizer_(std::move(tokenizer)),
      options_(options),
      seed_(seed),
      source_(documents_, *tokenizer_, options_),
      pool_(source_, pool_seed(seed), ids) {}

Drawn Sampler::draw(std::int64_t step, std::int64_t index, std::optional<Sample::Kind> kind) {
  Random random{seed_, kSample, static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(index)};
  const Sample::Kind drawn = kKinds[random.weighted(shares(options_))];
  Drawn result = draw_kind({source_, pool_.runs(step), random}, kind.value_or(drawn));
  validate(result.sample,
           tokenizer_->size());  // cheap beside a step; the trainer would only say that it is wrong
  return result;
}

std::vector<Sample> Sampler::batch(std::int64_t step) {
  std::vector<Sample> samples;
  for (std::int64_t i = 0; i < options_.batch; ++i) samples.push_back(draw(step, i).sample);
  return samples;
}

std::vector<Sample> Sampler::fixed(std::int64_t count) {
  std::vector<Sample::Kind> kinds;
  for (std::size_t i = 0; i < std::size(kKinds); ++i)
    if (shares(options_)[i] > 0) kinds.push_back(kKinds[i]);
  std::vector<Sample> samples;
  for (std::int64_t i = 0; i < count; ++i)
    samples.push_back(draw(0, i, kinds[static_cast<std::size_t>(i % std::ssize(kinds))]).sample);
  return samples;
}

}  // namespace focusllm::data
