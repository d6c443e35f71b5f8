#include "context/method.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "base/error.h"
#include "context/dual_chunk.h"
#include "context/focus/focus.h"
#include "context/full.h"
#include "context/infllm/infllm.h"
#include "context/streaming.h"

namespace focusllm::context {
namespace {

using ModelPointer = std::shared_ptr<const model::Model>;

bool shrinks_nothing(Options&, const model::Spec&) {
  return false;
}
std::string_view no_advice(const Options&) {
  return {};
}

/// What each method's class gives: fill() sets the sizes that are 0 and checks all of them.
struct Method {
  void (*fill)(Options&, const model::Spec&);
  std::int64_t (*bytes_needed)(const Options&, const model::Spec&, std::int64_t tokens);
  std::unique_ptr<Context> (*make)(const Options&, ModelPointer);
  bool (*shrink)(Options&, const model::Spec&) = shrinks_nothing;
  std::string_view (*advice)(const Options&) = no_advice;
};

template <typename Kind>
constexpr Method method() {
  return {Kind::fill, Kind::bytes_needed, [](const Options& options, ModelPointer model) {
            return std::unique_ptr<Context>(std::make_unique<Kind>(options, std::move(model)));
          }};
}

constexpr Method focus() {
  Method focus = method<Focus>();
  focus.shrink = Focus::shrink;
  focus.advice = Focus::memory_advice;
  return focus;
}

constexpr Method infllm() {
  Method infllm = method<InfLlm>();
  infllm.advice = InfLlm::memory_advice;
  return infllm;
}

constexpr std::array kTraits{
    Traits{.name = "full", .plain = true},
    Traits{.name = "streaming"},
    Traits{.name = "lm-infinite"},
    Traits{.name = "dca"},
    Traits{.name = "infllm", .recalls = true, .has_file = true},
    Traits{.name = "focus", .recalls = true, .needs_adapter = true, .sees_ahead = true}};
constexpr std::array kMethods{
    method<Full>(), method<Streaming>(), method<Streaming>(), method<DualChunk>(), infllm(), focus()};
static_assert(kTraits.size() == kMethods.size());

const Method& find(std::string_view name) {
  return kMethods[static_cast<std::size_t>(&traits_of(name) - kTraits.data())];
}

}  // namespace

std::span<const Traits> methods() {
  return kTraits;
}

const Traits& traits_of(std::string_view method) {
  const auto found = std::ranges::find(kTraits, method, &Traits::name);
  if (found != kTraits.end()) return *found;
  std::vector<std::string_view> names;
  for (const Traits& each : kTraits) names.push_back(each.name);
  throw UsageError(fmt::format("method \"{}\": unknown; there are auto, {}", method, fmt::join(names, ", ")));
}

bool shrink(Options& options, const model::Spec& spec) {
  return find(options.method).shrink(options, spec);
}

std::string_view memory_advice(const Options& options) {
  const std::string_view own = find(options.method).advice(options);
  return own.empty() ? "give a shorter text, or --method streaming" : own;
}

Options with_defaults(Options options, const model::Spec& spec) {
  find(options.method).fill(options, spec);
  return options;
}

std::int64_t bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  const Options filled = with_defaults(options, spec);
  return find(filled.method).bytes_needed(filled, spec, tokens);
}

void check_positions(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  if (options.method == "full") Full::check_positions(options, spec, tokens);
  if (options.method == "focus") Focus::check_positions(with_defaults(options, spec), spec, tokens);
}

void check_disk(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  if (options.method == "infllm") InfLlm::check_disk(with_defaults(options, spec), spec, tokens);
}

std::unique_ptr<Context> make(const Options& options, ModelPointer model) {
  const Options filled = with_defaults(options, model->spec());
  return find(filled.method).make(filled, std::move(model));
}

}  // namespace focusllm::context
