#include "context/infllm/infllm_method.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "context/infllm/infllm.h"

namespace focusllm::context {
namespace {

constexpr std::int64_t kMostBlocks = std::int64_t{1} << 20;

std::int64_t most_blocks(const Options& /*options*/, const model::Spec& /*spec*/) {
  return kMostBlocks;
}
std::int64_t block_size(const Options& options, const model::Spec& /*spec*/) {
  return options.block;
}

constexpr const Setting* kInfLlmLate[] = {&kAnswerTopK};
constexpr Taken kInfLlmSettings[] = {
    {&kLocal, "1024, at most the trained context",
     [](const Options&, const model::Spec& spec) {
       return std::min<std::int64_t>(spec.trained_context, 1024);
     },
     one, trained_context},
    {&kInitial, "128, at most the local window", at_most_local<128>, none, local_window},
    {&kBlock, "16",
     [](const Options&, const model::Spec& spec) { return std::min<std::int64_t>(spec.trained_context, 16); },
     one, trained_context},
    {&kTopK, "64, or as many as have 1024 tokens",
     [](const Options& options, const model::Spec&) {
       return std::max<std::int64_t>(1, 1024 / options.block);
     },
     one, most_blocks},
    {&kAnswerTopK, "384, or as many as have 6144 tokens; not fewer than in reading",
     [](const Options& options, const model::Spec&) {
       return std::max<std::int64_t>(options.top_k, 6144 / options.block);
     },
     one, most_blocks},
    {&kRepresentatives, "4, at most the block",
     [](const Options& options, const model::Spec&) { return std::min<std::int64_t>(options.block, 4); }, one,
     block_size},
    {&kParity},
    {&kBlockCache, "all"},
    {&kCacheDir, "$TMPDIR, else /var/tmp"},
    {&kCachePolicy, "lru"},
    {&kScoreDecay, "0.9"}};

/// What lies in /var/tmp is on a disk (FHS 5.15); /tmp may be memory.
std::string default_cache_dir() {
  const char* chosen = std::getenv("TMPDIR");
  return chosen != nullptr && *chosen != '\0' ? chosen : "/var/tmp";
}

void complete_cache(Options& options) {
  if (options.block_cache == 0) return;
  const std::int64_t least = std::max(options.top_k, options.answer_top_k);
  if (options.block_cache < least || options.block_cache > kMostBlocks) {
    throw UsageError(
        fmt::format("`block_cache` {}: give a number of blocks from {} (as many as a token sees: `top_k`, "
                    "`answer_top_k`) to {}",
                    options.block_cache, least, kMostBlocks),
        "block_cache");
  }
  if (options.cache_dir.empty()) options.cache_dir = default_cache_dir();
  if (!(options.score_decay >= 0 && options.score_decay <= 1)) {
    throw UsageError(fmt::format("`score_decay` {}: give a number from 0 to 1", options.score_decay),
                     "score_decay");
  }
}

std::int64_t infllm_memory(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  std::int64_t bytes = 0;
  for (int i = 0; i < spec.layers; ++i) {
    if (spec.window(i) > 0) {
      bytes += window_bytes(spec, options.kv_type, spec.window(i), tokens);
    } else {
      bytes += BlockMemory::bytes_needed(spec.heads, options.kv_type, sizes_of(options), tokens,
                                         options.block_cache);
      bytes += window_bytes(spec, options.kv_type, options.local, tokens) / 2;
    }
  }
  return bytes;
}

std::int64_t infllm_disk(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  if (options.block_cache == 0) return 0;
  return BlockMemory::blocks_of(sizes_of(options), tokens) * remembering_layers(spec) *
         memory::BlockCache::record_bytes(spec.heads, options.kv_type, options.block);
}

/// That a row sees, `blocks` blocks of memory among them.
std::int64_t infllm_keys(const Options& options, std::int64_t blocks) {
  return options.initial + options.local + blocks * options.block;
}

Answering infllm_answer(const Options& options, const model::Spec& spec, int layer, std::int64_t depth) {
  Answering cost = causal_answering(spec, layer, depth, infllm_keys(options, options.answer_top_k));
  if (spec.window(layer) > 0) return cost;
  const std::int64_t remembered = std::max<std::int64_t>(0, depth - options.initial - options.local);
  const std::int64_t representatives = remembered / options.block * spec.attention_width();
  cost.bytes = static_cast<double>(representatives) * sizeof(Bf16);
  return cost;
}

}  // namespace

const Method kInfLlm = {
    .traits = {.name = "infllm",
               .sees = "the first tokens, a window, and the blocks of memory that matter to it",
               .keeps = "all keys and values, and a representative for each block",
               .suits = "texts of any length",
               .linear = true,
               .recalls = true,
               .has_file = true,
               .cites = true,
               .forks = true},
    .settings = kInfLlmSettings,
    .make = make_one<InfLlm>,
    .bytes_needed = infllm_memory,
    .reading =
        [](const Options& options, const model::Spec& spec, int layer, std::int64_t tokens) {
          return causal_reading(spec, layer, tokens, infllm_keys(options, options.top_k));
        },
    .answering = infllm_answer,
    .late = kInfLlmLate,
    .complete = complete_cache,
    .disk_needed = infllm_disk,
    .memory_advice = [](const Options& options) -> std::string_view {
      return options.block_cache == 0 ? "use `block_cache` 512, which keeps the rest in a file" : "";
    }};

BlockMemory::Sizes sizes_of(const Options& options) {
  return {options.local, options.initial, options.block, options.representatives};
}

std::int64_t remembering_layers(const model::Spec& spec) {
  std::int64_t layers = 0;
  for (int i = 0; i < spec.layers; ++i) layers += spec.window(i) > 0 ? 0 : 1;
  return layers;
}

}  // namespace focusllm::context
