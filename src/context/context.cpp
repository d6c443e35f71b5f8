#include "context/context.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "base/error.h"
#include "context/focus.h"
#include "context/full.h"
#include "context/infllm.h"
#include "context/streaming.h"

namespace focusllm::context {
namespace {

constexpr std::array<std::string_view, 4> kNames{"full", "streaming", "infllm", "focus"};

void check_size(std::string_view flag, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high) {
    throw UsageError(fmt::format("{} {}: give a number of tokens from {} to {}", flag, value, low, high));
  }
}

std::int64_t or_default(std::int64_t value, std::int64_t fallback) {
  return value == 0 ? fallback : value;
}

constexpr std::int64_t kAll = std::int64_t{1} << 40;

void fill_focus(Options& options, const model::Spec& spec) {
  const std::int64_t trained = spec.trained_context;
  options.local = or_default(options.local, std::min<std::int64_t>(trained / 4, 128));
  options.chunk = or_default(options.chunk, std::min<std::int64_t>(trained / 4, 256));
  const std::int64_t tail = std::min<std::int64_t>({512, options.chunk, options.local});
  options.tail = or_default(options.tail, tail);
  options.refresh = or_default(options.refresh, 1);
  options.renew = or_default(options.renew, 32);
  check_size("--local", options.local, 1, trained);
  check_size("--chunk", options.chunk, 1, trained);
  check_size("--tail", options.tail, 1, std::min(tail, trained - options.chunk));
  check_size("--refresh", options.refresh, 1, kAll);
  check_size("--renew", options.renew, 1, kAll);
}

}  // namespace

std::span<const std::string_view> method_names() {
  return kNames;
}

Options with_defaults(Options options, const model::Spec& spec) {
  if (std::find(kNames.begin(), kNames.end(), options.method) == kNames.end()) {
    throw UsageError(
        fmt::format("method \"{}\": unknown; there are auto, {}", options.method, fmt::join(kNames, ", ")));
  }
  if (options.method == "focus") {
    fill_focus(options, spec);
    return options;
  }
  const std::int64_t trained = spec.trained_context;
  const bool streaming = options.method == "streaming";
  const std::int64_t initial = options.initial == -1 ? 0 : or_default(options.initial, streaming ? 4 : 128);
  options.local = or_default(options.local, std::min<std::int64_t>(trained, streaming ? trained / 2 : 1024));
  options.initial = std::min(initial, options.local);
  options.block = or_default(options.block, std::min<std::int64_t>(trained, 16));
  options.top_k = or_default(options.top_k, std::max<std::int64_t>(1, 1024 / options.block));
  options.answer_top_k =
      or_default(options.answer_top_k, std::max<std::int64_t>(options.top_k, 6144 / options.block));
  options.representatives = or_default(options.representatives, 4);
  check_size("--local", options.local, 1, trained);
  check_size("--initial", options.initial, 0, trained);
  check_size("--block", options.block, 1, trained);
  check_size("--top-k-blocks", options.top_k, 1, std::int64_t{1} << 20);
  check_size("--answer-blocks", options.answer_top_k, 1, std::int64_t{1} << 20);
  options.representatives = std::min(options.representatives, options.block);
  return options;
}

std::int64_t bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  const Options filled = with_defaults(options, spec);
  if (filled.method == "streaming") return Streaming::bytes_needed(filled, spec, tokens);
  if (filled.method == "infllm") return InfLlm::bytes_needed(filled, spec, tokens);
  if (filled.method == "focus") return Focus::bytes_needed(filled, spec, tokens);
  return Full::bytes_needed(filled, spec, tokens);
}

std::unique_ptr<Context> make(const Options& options, std::shared_ptr<const model::Model> model,
                              const CancelToken& cancel) {
  const Options filled = with_defaults(options, model->spec());
  if (filled.method == "streaming") return std::make_unique<Streaming>(filled, std::move(model), cancel);
  if (filled.method == "infllm") return std::make_unique<InfLlm>(filled, std::move(model), cancel);
  if (filled.method == "focus") return std::make_unique<Focus>(filled, std::move(model), cancel);
  return std::make_unique<Full>(filled, std::move(model), cancel);
}

}  // namespace focusllm::context
