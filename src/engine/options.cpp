#include "engine/options.h"

#include "base/memory.h"
#include "model/model.h"

namespace focusllm {
namespace {

constexpr double kShare = 0.92;  // of the free memory, the rest is for the products' copies and the system

std::string_view kv_name(attention::KvType type) {
  return type == attention::KvType::int8 ? "int8" : "bf16";
}

attention::KvType fitting_kv_type(const Engine& engine, const ContextOptions& options, std::int64_t tokens) {
  using attention::KvType;
  const auto bytes = [&](KvType type) {
    return context::bytes_needed(resolve(options, type), engine.spec(), tokens);
  };
  const auto limit = static_cast<std::int64_t>(kShare * static_cast<double>(available_memory()));
  const KvType wanted = options.kv_type.value_or(KvType::bf16);
  if (bytes(wanted) <= limit) return wanted;
  if (!options.kv_type && bytes(KvType::int8) <= limit) return KvType::int8;
  const KvType least = options.kv_type.value_or(KvType::int8);
  fail("{} tokens need {} of memory for keys and values as {} ({} method); {} are free: {}", tokens,
       format_bytes(bytes(least)), kv_name(least), options.method, format_bytes(limit),
       least == KvType::bf16 ? "use --kv-type int8, or a shorter text"
       : options.method == "infllm" && options.block_cache == 0
           ? "use --block-cache 512, which keeps the rest in a file"
           : "give a shorter text, or --method streaming");
}

}  // namespace

const std::vector<std::string>& method_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all{"auto"};
    all.insert(all.end(), context::method_names().begin(), context::method_names().end());
    return all;
  }();
  return names;
}

std::string long_method(const Engine& engine) {
  return engine.model().has_adapter() ? "focus" : "infllm";
}

std::string automatic_method(const Engine& engine, std::int64_t tokens) {
  const std::int64_t trained = engine.spec().trained_context;
  return tokens + std::min(kAnswerRoom, trained / 4) <= trained ? "full" : long_method(engine);
}

context::Options resolve(const ContextOptions& options, attention::KvType kv_type) {
  return {options, kv_type, std::nullopt};
}

attention::KvType choose_kv_type(const Engine& engine, const ContextOptions& options, std::int64_t tokens) {
  const attention::KvType type = fitting_kv_type(engine, options, tokens);
  context::check_disk(resolve(options, type), engine.spec(), tokens);
  return type;
}

}  // namespace focusllm
