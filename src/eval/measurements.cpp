#include "eval/measurements.h"

#include <algorithm>

#include "base/error.h"
#include "base/memory.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;

// Shares of the free memory: for chunks that prompts have in common, at least and at most; for what questions
// that are the same put behind them; and for all of it with the longest prompt.
constexpr double kLeastStore = 0.1, kMostStore = 0.5, kTailStore = 0.07, kTogether = 0.92;

std::string kv_name(const ContextOptions& options) {
  if (!options.kv_type) return "auto";
  return *options.kv_type == attention::KvType::int8 ? "int8" : "bf16";
}

/// A default may change, and what was measured with another one is another measurement. Sizes that the method
/// does not take stay as they are: its cell will say so.
ContextOptions sizes_in_full(const Engine& engine, const ContextOptions& options) {
  try {
    return options.method == "auto" ? options : with_defaults(engine, options);
  } catch (const UsageError&) {
    return options;
  }
}

/// Bytes of keys and values of the longest prompt with the method that needs most.
double longest_bytes(const Engine& engine, const Plan& plan) {
  if (plan.lengths.empty()) return 0;
  const std::int64_t tokens = *std::max_element(plan.lengths.begin(), plan.lengths.end());
  std::int64_t most = 0;
  for (const ContextOptions& options : plan.methods) {
    try {
      most = std::max(most, context_bytes(engine, options, tokens));
    } catch (const UsageError&) {  // the method does not take a size: its cell will say so
      continue;
    }
  }
  return static_cast<double>(most);
}

}  // namespace

Results::Json identity_of(const Engine& engine, const ContextOptions& given) {
  const ContextOptions options = sizes_in_full(engine, given);
  Json identity = {{"model", engine.name()},
                   {"adapter", options.method == "focus" ? engine.adapter_hash() : ""},
                   {"method", options.method},
                   {"sizes",
                    {{"local", options.local},
                     {"initial", options.initial},
                     {"block", options.block},
                     {"top_k", options.top_k},
                     {"answer_top_k", options.answer_top_k},
                     {"representatives", options.representatives},
                     {"parity", options.parity},
                     {"sharpen", options.sharpen},
                     {"chunk", options.chunk},
                     {"overlap", options.overlap},
                     {"tail", options.tail},
                     {"refresh", options.refresh},
                     {"renew", options.renew},
                     {"exact", options.exact}}},
                   {"kv_type", kv_name(options)}};
  if (options.method == "infllm" && options.block_cache != 0)
    identity["cache"] = {{"blocks", options.block_cache},
                         {"policy", options.evict_by_score ? "lru-s" : "lru"},
                         {"decay", options.score_decay}};
  return identity;
}

std::vector<ContextOptions> methods_with_store(const Engine& engine, const Plan& plan) {
  const auto free = static_cast<double>(available_memory());
  const double beside = (kTogether - kTailStore) * free - longest_bytes(engine, plan);
  const double most = std::clamp(beside, kLeastStore * free, kMostStore * free);
  const auto chunks = make_chunk_store(static_cast<std::int64_t>(most));
  const auto tails = make_tail_store(static_cast<std::int64_t>(kTailStore * free));
  std::vector<ContextOptions> shared = plan.methods;
  for (ContextOptions& options : shared) {
    options.chunk_store = chunks;
    options.tail_store = tails;
  }
  return shared;
}

void run_all(const std::vector<Measurement>& all, Results& results, const CancelToken& cancel,
             const EvalProgress& progress) {
  std::vector<const Measurement*> missing;
  for (const Measurement& one : all) {
    if (!results.has(one.identity)) missing.push_back(&one);
  }
  std::int64_t done = 0;
  for (const Measurement* one : missing) {
    cancel.check();
    const Json& id = one->identity;
    if (progress) {
      progress(
          done, std::ssize(missing),
          fmt::format("{} {} {}", id.at("task").get<std::string>(), id.at("method").get<std::string>(),
                      id.at("length").is_null() ? "line " + id.at("line").dump() : id.at("length").dump()));
    }
    Json outcome;
    try {
      outcome = one->measure();
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& error) {
      outcome = {{"error", error.what()}};
    }
    results.add(id, outcome);
    ++done;
  }
  if (progress) progress(done, std::ssize(missing), "");
}

}  // namespace focusllm::eval
