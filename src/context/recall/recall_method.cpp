#include "context/recall/recall_method.h"

#include <algorithm>

#include "base/error.h"
#include "context/method.h"
#include "context/recall/recall.h"

namespace focusllm::context {
namespace {

constexpr std::int64_t kMostTokens = std::int64_t{1} << 20;
constexpr int kUsualHeads = 3;
constexpr std::int64_t kUsualSteps = 2, kMostSteps = 16;

template <std::int64_t kTokens>
std::int64_t at_most_trained(const Options& /*options*/, const model::Spec& spec) {
  return std::min(kTokens, spec.trained_context);
}
template <std::int64_t kTokens>
std::int64_t fixed(const Options& /*options*/, const model::Spec& /*spec*/) {
  return kTokens;
}

constexpr Taken kRecallSettings[] = {
    {&kHeads, "those of the model's calibration"},
    {&kLocal, "1024, at most the trained context", at_most_trained<1024>, one, trained_context},
    {&kInitial, "64, at most the local window", at_most_local<64>, none, local_window},
    {&kBlock, "32", fixed<32>, one, fixed<kMostTokens>},
    {&kRecalled, "1024, at most half the trained context",
     [](const Options&, const model::Spec& spec) {
       return std::clamp<std::int64_t>(spec.trained_context / 2, 1, 1024);
     },
     one, trained_context},
    {&kThreshold, "0.3"},
    {&kSupport, "0.5"},
    {&kBefore, "64", fixed<64>, none, trained_context},
    {&kBehind, "64", fixed<64>, none, trained_context},
    {&kDistance, "512, at most half the trained context",
     [](const Options&, const model::Spec& spec) {
       return std::clamp<std::int64_t>(spec.trained_context / 2, 1, 512);
     },
     one, trained_context},
    {&kSteps, "2", fixed<kUsualSteps>, none, fixed<kMostSteps>},
    {&kEnding, "0", none, none, trained_context}};

constexpr const Setting* kRecallLate[] = {&kBlock,  &kRecalled, &kThreshold, &kSupport, &kBefore,
                                          &kBehind, &kDistance, &kSteps,     &kEnding};

void complete_share(double& share, double fallback, const char* field) {
  if (share < 0) share = fallback;
  if (!(share <= 1)) throw UsageError(fmt::format("`{}` {}: give a number from 0 to 1", field, share), field);
}

void complete_recall(Options& options) {
  if (!options.heads.empty()) parse_heads(options.heads);
  complete_share(options.threshold, 0.3, "threshold");
  complete_share(options.support, 0.5, "support");
}

/// Layers that are read, and key heads that are kept: an estimate before heads are known.
struct Extent {
  int layers;
  std::size_t key_heads;
};
Extent extent_of(const Options& options, const model::Spec& spec) {
  if (options.heads.empty()) return {std::max(1, spec.layers / 2), kUsualHeads};
  const std::vector<QueryHead> heads = heads_of(parse_heads(options.heads));
  return {std::min(layers_of(heads), spec.layers), key_heads(heads, spec.heads).size()};
}

std::int64_t shown_tokens(const Options& options) {
  return options.recalled + options.ending + options.answer_tokens;
}

/// Of the text: what is read of it, without what a question is shown.
std::int64_t recall_saved(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  const Extent extent = extent_of(options, spec);
  const std::int64_t bytes = tokens * static_cast<std::int64_t>(sizeof(Token));
  return bytes + HeadKeys::bytes_needed(extent.key_heads, spec.heads.dim, attention::KvType::int8, tokens) +
         window_needed(options, spec, tokens, extent.layers);
}

std::int64_t recall_memory(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  return recall_saved(options, spec, tokens) +
         layers_bytes(spec, options.kv_type, std::min(tokens, shown_tokens(options)));
}

Reading recall_reading(const Options& options, const model::Spec& spec, int layer, std::int64_t tokens) {
  const int layers = extent_of(options, spec).layers;
  if (layer >= layers) return {};
  Reading reading = causal_reading(spec, layer, tokens, options.initial + options.local);
  if (layer + 1 == layers) reading.pairs = 0;
  return reading;
}

std::unique_ptr<Context> make_recall(const Options& options, std::shared_ptr<const model::Model> model) {
  if (options.heads.empty())
    throw UsageError("`heads`: none are given, and the model is not calibrated", "heads");
  check_heads(heads_of(parse_heads(options.heads)), model->spec());
  return std::make_unique<Recall>(options, std::move(model));
}

}  // namespace

const Method kRecall = {
    .traits = {.name = "recall",
               .sees =
                   "the places of the text that a few heads, which read all of it, found for the question",
               .keeps = "the keys of these heads, and a window",
               .suits = "questions about texts of any length, with any model",
               .lead = "Question: ",  // small models take a question behind pieces of prose for more of it
               .linear = true,
               .recalls = true,
               .sees_ahead = true,
               .cites = true,
               .judges = true,
               .calibrates = true,
               .forks = true},
    .settings = kRecallSettings,
    .make = make_recall,
    .bytes_needed = recall_memory,
    .reading = recall_reading,
    .answering =
        [](const Options& options, const model::Spec& spec, int layer, std::int64_t depth) {
          return causal_answering(spec, layer, std::min(depth, options.recalled), kAllKeys);
        },
    .late = kRecallLate,
    .complete = complete_recall,
    .saved = recall_saved};

}  // namespace focusllm::context
