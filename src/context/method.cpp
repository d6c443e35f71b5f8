#include "context/method.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/memory.h"
#include "context/dual_chunk.h"
#include "context/focus/focus_method.h"
#include "context/full.h"
#include "context/infllm/infllm_method.h"
#include "context/recall/recall_method.h"
#include "context/streaming.h"
#include "context/window_cache.h"
#include "memory/block_file.h"

namespace focusllm::context {
namespace {

constexpr std::array kMethods{&kFull, &kStreaming, &kLmInfinite, &kDualChunk, &kRecall, &kInfLlm, &kFocus};

void fill(const Taken& taken, Options& options, const model::Spec& spec) {
  if (taken.fallback == nullptr) return;
  std::int64_t& value = options.*std::get<std::int64_t Settings::*>(taken.setting->value);
  if (value == 0) value = taken.fallback(options, spec);
  const std::int64_t least = taken.least(options, spec), most = taken.most(options, spec);
  if (value == kNone && taken.setting->zero == kNone) return;
  if (value < least || value > most) {
    throw UsageError(
        fmt::format("`{}` {}: give a number{} from {} to {}", taken.setting->field, value,
                    taken.setting->kind == Setting::Kind::tokens ? " of tokens" : "", least, most),
        std::string(taken.setting->field));
  }
}

}  // namespace

std::span<const Method* const> all_methods() {
  return kMethods;
}

const Method& method_named(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Method* method : kMethods) {
    if (method->traits.name == name) return *method;
    names.push_back(method->traits.name);
  }
  throw UsageError(fmt::format("`method` \"{}\": unknown; there are auto, {}", name, fmt::join(names, ", ")),
                   "method");
}

Options with_defaults(Options options, const model::Spec& spec) {
  const Method& method = method_named(options.method);
  for (const Taken& taken : method.settings) fill(taken, options, spec);
  if (method.complete != nullptr) method.complete(options);
  return options;
}

Options settled(const Options& options, const model::Spec& spec) {
  Options settled = with_defaults(options, spec);
  for (const Taken& taken : method_named(options.method).settings) {
    if (taken.setting->zero != kNone) continue;
    std::int64_t& value = settled.*std::get<std::int64_t Settings::*>(taken.setting->value);
    value = std::max<std::int64_t>(0, value);
  }
  return settled;
}

bool shrink(Options& options, const model::Spec& spec) {
  const auto shrink = method_named(options.method).shrink;
  return shrink != nullptr && shrink(options, spec);
}

std::string_view memory_advice(const Options& options) {
  const auto advice = method_named(options.method).memory_advice;
  const std::string_view own = advice != nullptr ? advice(options) : "";
  return own.empty() ? "give a shorter text, or `method` streaming" : own;
}

std::int64_t bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  return method_named(options.method).bytes_needed(settled(options, spec), spec, tokens);
}

std::int64_t bytes_saved(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  const Method& method = method_named(options.method);
  return (method.saved != nullptr ? method.saved : method.bytes_needed)(settled(options, spec), spec, tokens);
}

Reading reading(const Options& options, const model::Spec& spec, int layer, std::int64_t tokens) {
  return method_named(options.method).reading(settled(options, spec), spec, layer, tokens);
}

Answering answering(const Options& options, const model::Spec& spec, int layer, std::int64_t depth) {
  return method_named(options.method).answering(settled(options, spec), spec, layer, depth);
}

void check_positions(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  const auto check = method_named(options.method).check_positions;
  if (check != nullptr) check(settled(options, spec), spec, tokens);
}

void check_disk(const Options& given, const model::Spec& spec, std::int64_t tokens) {
  const Options options = settled(given, spec);
  const auto disk_needed = method_named(options.method).disk_needed;
  const std::int64_t needed = disk_needed != nullptr ? disk_needed(options, spec, tokens) : 0;
  if (needed == 0) return;
  const std::int64_t left = memory::free_disk(options.cache_dir);
  if (needed <= left) return;
  throw Error(
      fmt::format("{} tokens need {} in a file in {}; {} are free there: use `kv_type` int8, or name another "
                  "folder with `cache_dir`",
                  tokens, format_bytes(needed), options.cache_dir, format_bytes(left)),
      "cache_dir");
}

std::unique_ptr<Context> make(const Options& options, std::shared_ptr<const model::Model> model) {
  const Options ready = settled(options, model->spec());
  return method_named(ready.method).make(ready, std::move(model));
}

std::int64_t none(const Options& /*options*/, const model::Spec& /*spec*/) {
  return 0;
}

std::int64_t one(const Options& /*options*/, const model::Spec& /*spec*/) {
  return 1;
}

std::int64_t trained_context(const Options& /*options*/, const model::Spec& spec) {
  return spec.trained_context;
}

std::int64_t local_window(const Options& options, const model::Spec& /*spec*/) {
  return options.local;
}

std::int64_t bytes_of_all(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  return layers_bytes(spec, options.kv_type, tokens);
}

Reading read_all(const Options& /*options*/, const model::Spec& spec, int layer, std::int64_t tokens) {
  return causal_reading(spec, layer, tokens, kAllKeys);
}

Answering answer_all(const Options& /*options*/, const model::Spec& spec, int layer, std::int64_t depth) {
  return causal_answering(spec, layer, depth, kAllKeys);
}

}  // namespace focusllm::context
