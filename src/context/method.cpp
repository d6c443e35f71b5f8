#include "context/method.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "base/error.h"
#include "context/dual_chunk.h"
#include "context/focus.h"
#include "context/full.h"
#include "context/infllm.h"
#include "context/streaming.h"

namespace focusllm::context {
namespace {

using ModelPointer = std::shared_ptr<const model::Model>;

/// What each method's class gives: fill() sets the sizes that are 0 and checks all of them.
struct Method {
  std::string_view name;
  void (*fill)(Options&, const model::Spec&);
  std::int64_t (*bytes_needed)(const Options&, const model::Spec&, std::int64_t tokens);
  std::unique_ptr<Context> (*make)(const Options&, ModelPointer);
};

template <typename Kind>
constexpr Method method(std::string_view name) {
  return {name, Kind::fill, Kind::bytes_needed, [](const Options& options, ModelPointer model) {
            return std::unique_ptr<Context>(std::make_unique<Kind>(options, std::move(model)));
          }};
}

constexpr std::array kMethods{
    method<Full>("full"),     method<Streaming>("streaming"), method<Streaming>("lm-infinite"),
    method<DualChunk>("dca"), method<InfLlm>("infllm"),       method<Focus>("focus")};

constexpr auto kNames = [] {
  std::array<std::string_view, kMethods.size()> names;
  std::transform(kMethods.begin(), kMethods.end(), names.begin(),
                 [](const Method& each) { return each.name; });
  return names;
}();

const Method& find(std::string_view name) {
  const auto found =
      std::find_if(kMethods.begin(), kMethods.end(), [&](const Method& each) { return each.name == name; });
  if (found == kMethods.end())
    throw UsageError(
        fmt::format("method \"{}\": unknown; there are auto, {}", name, fmt::join(kNames, ", ")));
  return *found;
}

}  // namespace

std::span<const std::string_view> method_names() {
  return kNames;
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
