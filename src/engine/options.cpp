#include "engine/options.h"

#include <algorithm>

#include "base/error.h"
#include "base/memory.h"
#include "engine/budget.h"
#include "engine/parts.h"
#include "focusllm/calibration.h"
#include "model/model.h"

namespace focusllm {
namespace {

constexpr double kShare = 0.92;  // of the free memory, the rest is for the system

class Fit {
 public:
  Fit(const Engine& engine, const ContextOptions& options, std::int64_t tokens, std::int64_t free,
      std::int64_t promised, std::int64_t answer_tokens)
      : engine_(engine),
        options_(options),
        tokens_(tokens),
        answer_tokens_(answer_room(engine, answer_tokens)),
        promised_(promised),
        limit_(static_cast<std::int64_t>(kShare * static_cast<double>(free)) - engine.memory().pass) {}

  context::Options choose() const {
    const KvType least = options_.kv_type.value_or(KvType::int8);
    for (const KvType type : {options_.kv_type.value_or(KvType::bf16), least}) {
      if (bytes(with(type)) <= limit_) return with(type);
    }
    context::Options smaller = with(least);
    if (context::shrink(smaller, spec_of(engine_)) && bytes(smaller) <= limit_) return smaller;
    refuse(least);
  }

 private:
  using KvType = attention::KvType;

  std::int64_t bytes(const context::Options& options) const {
    return context::bytes_needed(options, spec_of(engine_), tokens_);
  }
  context::Options with(KvType type) const { return resolve(options_, type, answer_tokens_); }

  [[noreturn]] void refuse(KvType least) const {
    throw NotEnoughMemory(fmt::format(
        "{} tokens need {} of memory for keys and values as {} ({} method); {} are free{}: {}", tokens_,
        format_bytes(bytes(with(least))), kv_type_name(least), options_.method,
        format_bytes(std::max<std::int64_t>(0, limit_)),
        promised_ > 0 ? fmt::format(" beside {} that are promised to other sessions", format_bytes(promised_))
                      : "",
        advice(least)));
  }
  std::string_view advice(KvType least) const {
    if (least == KvType::bf16) return "use `kv_type` int8, or a shorter text";
    return context::memory_advice(with(least));
  }

  const Engine& engine_;
  const ContextOptions& options_;
  const std::int64_t tokens_;
  const std::int64_t answer_tokens_;
  const std::int64_t promised_;
  const std::int64_t limit_;
};

}  // namespace

std::string long_method(const Engine& engine) {
  const bool adapter = model_of(engine).has_adapter();
  const auto fits = [&](const MethodInfo& method) {
    if (!method.recalls || method.needs_adapter != adapter) return false;
    if (!method.calibrates) return true;
    const std::optional<Calibration> known = known_calibration(engine);
    return !known || !known->heads.empty();
  };
  return std::string(std::ranges::find_if(methods(), fits)->name);
}

bool find_heads(const Engine& engine, ContextOptions& options, const CancelToken& cancel,
                const ProgressCallback& progress) {
  if (!method_info(options.method).calibrates || !options.heads.empty()) return true;
  std::optional<Calibration> known = known_calibration(engine);
  if (!known) known = calibrate(engine, cancel, progress);
  options.heads = known->heads;
  return !options.heads.empty();
}

void throw_without_heads() {
  throw Error("none of the model's heads finds in a text what is asked for: use another `method`", "method");
}

bool lacks_adapter(const Engine& engine, const ContextOptions& options) {
  return options.method != "auto" && method_info(options.method).needs_adapter &&
         !model_of(engine).has_adapter();
}

std::int64_t answer_room(const Engine& engine, std::int64_t most_tokens) {
  const std::int64_t trained = spec_of(engine).trained_context;
  return most_tokens > 0 && most_tokens < trained ? most_tokens : std::min(kAnswerRoom, trained / 4);
}

std::string automatic_method(const Engine& engine, std::int64_t tokens, std::int64_t answer_tokens) {
  const bool fits = tokens + answer_room(engine, answer_tokens) <= spec_of(engine).trained_context;
  return fits ? std::string(plain_method()) : long_method(engine);
}

context::Options resolve(const ContextOptions& options, attention::KvType kv_type,
                         std::int64_t answer_tokens) {
  return {options, kv_type, std::nullopt, answer_tokens};
}

context::Options fit_memory(const Engine& engine, const ContextOptions& options, std::int64_t tokens,
                            std::int64_t free, std::int64_t promised, std::int64_t answer_tokens) {
  context::Options fitting = Fit(engine, options, tokens, free, promised, answer_tokens).choose();
  context::check_disk(fitting, spec_of(engine), tokens);
  return fitting;
}

context::Options fit_beside_others(const Engine& engine, const ContextOptions& options, std::int64_t tokens,
                                   std::int64_t answer_tokens) {
  const std::int64_t promised = EngineParts::budget(engine).promised();
  return fit_memory(engine, options, tokens, available_memory() - promised, promised, answer_tokens);
}

}  // namespace focusllm
