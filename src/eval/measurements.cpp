#include "eval/measurements.h"

#include <algorithm>
#include <new>
#include <set>

#include "base/error.h"
#include "base/memory.h"
#include "eval/report/fields.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;

// Shares of the free memory: for chunks that prompts have in common, at least and at most; for what questions
// that are the same put behind them; and for all of it with the longest prompt.
constexpr double kLeastStore = 0.1, kMostStore = 0.5, kTailStore = 0.07, kTogether = 0.92;

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

Json value_of(const Setting& setting, const ContextOptions& options) {
  if (setting.kind == Setting::Kind::choice)
    return setting.words[options.*std::get<bool Settings::*>(setting.value) ? 1 : 0];
  return std::visit([&options](auto member) { return Json(options.*member); }, setting.value);
}

/// The settings that tell results apart, at their places: sizes for all methods, others where they are taken,
/// those of a cache only where it is used.
void add_settings(const ContextOptions& options, Json& identity) {
  const MethodInfo& method = method_info(options.method);
  const bool cache = method.has_file && options.block_cache != 0;
  for (const Setting* setting : settings()) {
    const bool of_cache = setting->result.starts_with("/cache");
    const bool of_all = setting->result.starts_with("/sizes");
    if (setting->result.empty() || (of_cache && !cache)) continue;
    if (!of_all && method.find(*setting) == nullptr) continue;
    Json value = value_of(*setting, options);
    if (value == kNone && method.find(*setting) != nullptr) value = 0;
    if (value == 0 && setting->result.starts_with("/reread")) continue;  // off: the results stay those known
    identity[Json::json_pointer(std::string(setting->result))] = std::move(value);
  }
}

}  // namespace

Results::Json identity_of(const Engine& engine, const ContextOptions& given) {
  const ContextOptions options = sizes_in_full(engine, given);
  Json identity = {{"model", engine.name()},
                   {"model_hash", engine.model_hash()},
                   {"products", product_type_name(engine.product_type())},
                   {"adapter", method_info(options.method).needs_adapter ? engine.adapter_hash() : ""},
                   {"method", options.method},
                   {"sizes", Json::object()},
                   {"kv_type", options.kv_type ? kv_type_name(*options.kv_type) : "auto"}};
  add_settings(options, identity);
  return identity;
}

std::shared_ptr<PromptReader> reader_for(const std::shared_ptr<const Engine>& engine,
                                         const CancelToken& cancel, const Reporter& reporter) {
  return std::make_shared<PromptReader>(engine, cancel,
                                        [&reporter](const Progress& now) { reporter.reading(now); });
}

std::vector<ContextOptions> methods_with_store(const Engine& engine, const Plan& plan) {
  const auto free = static_cast<double>(available_memory());
  const double beside = (kTogether - kTailStore) * free - longest_bytes(engine, plan);
  const double most = std::clamp(beside, kLeastStore * free, kMostStore * free);
  const auto chunks = make_chunk_store(static_cast<std::int64_t>(most));
  const auto tails = make_tail_store(static_cast<std::int64_t>(kTailStore * free));
  std::vector<ContextOptions> shared;
  for (const ContextOptions& method : plan.methods) {
    // With all sizes, so that none is chosen by the memory that happens to be free.
    ContextOptions& options = shared.emplace_back(sizes_in_full(engine, method));
    options.chunk_store = chunks;
    options.tail_store = tails;
  }
  return shared;
}

namespace {

std::string name_of(const Results::Json& id) {
  const Results::Json& length = id.at("length");
  return fmt::format("{} {} {}", id.at("task").get<std::string>(), id.at("method").get<std::string>(),
                     length.is_null() ? "line " + id.at("line").dump() : length.dump());
}

std::vector<const Measurement*> missing_of(const std::vector<Measurement>& all, const Results& results) {
  std::vector<const Measurement*> missing;
  std::set<std::string> seen;
  for (const Measurement& one : all) {
    if (!results.has(one.identity) && seen.insert(report::key_of(one.identity)).second)
      missing.push_back(&one);
  }
  return missing;
}

Results::Json outcome_of(const Measurement& one) {
  try {
    return one.measure();
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    return {{"error", error.what()}};
  } catch (const std::bad_alloc&) {
    return {{"error", "not enough memory"}};
  }
}

}  // namespace

void Reporter::begin(const std::vector<const Measurement*>& all) {
  state_ = {0, std::ssize(all), 0, ""};
  work_ = done_ = next_ = 0;
  for (const Measurement* one : all) work_ += one->work;
}

void Reporter::next(const Measurement& one) {
  next_ = one.work;
  state_.next = name_of(one.identity);
  tell(0);
}

void Reporter::reading(const Progress& progress) const {
  if (progress.total > 0)
    tell(std::min(1.0, static_cast<double>(progress.done) / static_cast<double>(progress.total)));
}

void Reporter::done() {
  done_ += next_;
  next_ = 0;
  ++state_.done;
  state_.next.clear();
  if (state_.done == state_.total) tell(0);
}

void Reporter::tell(double share_of_this) const {
  if (!progress_) return;
  EvalState state = state_;
  state.share = work_ > 0 ? (done_ + next_ * share_of_this) / work_ : 1;
  progress_(state);
}

void run_all(const std::vector<Measurement>& all, Results& results, const CancelToken& cancel,
             Reporter& reporter) {
  const auto missing = missing_of(all, results);
  reporter.begin(missing);
  for (const Measurement* one : missing) {
    cancel.check();
    reporter.next(*one);
    results.add(one->identity, outcome_of(*one));
    reporter.done();
  }
}

}  // namespace focusllm::eval
