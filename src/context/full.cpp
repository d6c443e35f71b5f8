#include "context/full.h"

#include "base/error.h"
#include "context/method.h"

namespace focusllm::context {
namespace {

constexpr Taken kFullSettings[] = {{&kBeyondTrained}};

void check_positions_of_all(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  if (options.beyond_trained || tokens <= spec.trained_context) return;
  throw TextTooLong(
      fmt::format("the text has about {} tokens or more; the model was trained for {}: use `method` auto, or "
                  "`beyond_trained` to go on all the same",
                  tokens, spec.trained_context),
      "method", tokens, spec.trained_context);
}

}  // namespace

const Method kFull = {.traits = {.name = "full",
                                 .sees = "everything before it, at true positions",
                                 .keeps = "all keys and values",
                                 .suits = "texts that fit the trained context",
                                 .plain = true,
                                 .forks = true},
                      .settings = kFullSettings,
                      .make = make_one<Full>,
                      .bytes_needed = bytes_of_all,
                      .reading = read_all,
                      .answering = answer_all,
                      .check_positions = check_positions_of_all};

Full::Full(const Options& options, std::shared_ptr<const model::Model> model)
    : SingleLane(std::move(model), {}), options_(options) {
  for (int i = 0; i < spec().layers; ++i)
    layers_.emplace_back(spec(), options.kv_type, spec().window(i), WindowCache::kPage);
}

std::int64_t Full::memory_bytes() const {
  return bytes_of(layers_);
}

std::int64_t Full::room() const {
  return options_.beyond_trained ? Context::room() : spec().trained_context - done();
}

void Full::begin(std::span<const std::int64_t> positions) {
  check_positions_of_all(options_, spec(), positions.back() + 1);
}

void Full::attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) {
  layers_[static_cast<std::size_t>(rows.layer)].attend(spec(), rows, blocks);
}

}  // namespace focusllm::context
