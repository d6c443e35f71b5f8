#include "context/full.h"

#include "base/error.h"

namespace focusllm::context {
Full::Full(const Options& options, std::shared_ptr<const model::Model> model)
    : SingleLane(std::move(model), {}), options_(options) {
  for (int i = 0; i < spec().layers; ++i)
    layers_.emplace_back(spec(), options.kv_type, spec().window(i), WindowCache::kPage);
}

void Full::fill(Options&, const model::Spec&) {}

std::int64_t Full::memory_bytes() const {
  return bytes_of(layers_);
}

std::int64_t Full::room() const {
  return options_.beyond_trained ? Context::room() : spec().trained_context - done();
}

std::int64_t Full::bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  return layers_bytes(spec, options.kv_type, tokens);
}

void Full::check_positions(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  if (options.beyond_trained || tokens <= spec.trained_context) return;
  fail(
      "the text has about {} tokens or more; the model was trained for {}: use --method auto, or "
      "--beyond-trained to go on all the same",
      tokens, spec.trained_context);
}

void Full::begin(std::span<const std::int64_t> positions) {
  check_positions(options_, spec(), positions.back() + 1);
}

void Full::attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) {
  layers_[static_cast<std::size_t>(rows.layer)].attend(spec(), rows, blocks);
}

}  // namespace focusllm::context
