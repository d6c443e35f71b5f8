#include "engine/saved_settings.h"

#include <algorithm>
#include <span>
#include <type_traits>

#include "base/error.h"
#include "base/hash.h"
#include "engine/parts.h"
#include "model/encoder_identity.h"

namespace focusllm {
namespace {

/// Raised with every change of what a session or a method saves: older ones are not restored then.
constexpr int kFormat = 2;

template <typename Visitor>
void for_each_setting(std::string_view method, Visitor&& visit) {
  for (const SettingUse& use : method_info(method).settings) visit(*use.setting);
}

template <typename T>
void put(const T& value, memory::Saver& saver) {
  if constexpr (std::is_same_v<T, std::string>)
    saver.text(value);
  else if constexpr (std::is_same_v<T, bool>)
    saver.number(value ? 1 : 0);
  else
    saver.array(std::span(&value, 1));
}

template <typename T>
void take(T& value, memory::Loader& loader) {
  if constexpr (std::is_same_v<T, std::string>) {
    value = loader.text();
  } else if constexpr (std::is_same_v<T, bool>) {
    value = loader.number(0, 1) != 0;
  } else {
    const auto one = loader.array<T>();
    if (one.size() != 1) memory::Loader::reject();
    value = one.front();
  }
}

[[noreturn]] void differs(std::string_view field, std::string_view saved) {
  throw UsageError(fmt::format("`{}`: the text was read with {}: leave it out, or read the text again", field,
                               saved.empty() ? "none" : saved),
                   std::string(field));
}

/// One setting of a saved session where the caller gave one, too.
void choose(const Setting& setting, bool late, const ContextOptions& given, ContextOptions& saved) {
  static const ContextOptions kNothing;
  std::visit(
      [&](auto member) {
        if (given.*member == kNothing.*member) return;
        if (late)
          saved.*member = given.*member;
        else if (given.*member != saved.*member)
          differs(setting.field, fmt::format("{}", saved.*member));
      },
      setting.value);
}

}  // namespace

std::string saved_encoder(const Engine& engine) {
  const auto identity = model::encoder_identity(model_of(engine), KvType::bf16);
  return fmt::format("session {} encoder {} weights {} spec {} products {}", kFormat, identity.version,
                     engine.model_hash(), content_hash(std::as_bytes(std::span(identity.spec))),
                     content_hash(std::as_bytes(std::span(identity.products))));
}

std::string settings_in_words(const context::Options& options) {
  std::string words;
  for_each_setting(options.method, [&](const Setting& setting) {
    std::visit(
        [&](auto member) {
          words += fmt::format("{}{} {}", words.empty() ? "" : ", ", setting.field, options.*member);
        },
        setting.value);
  });
  return words;
}

void save_settings(const context::Options& options, memory::Saver& saver) {
  for_each_setting(options.method, [&](const Setting& setting) {
    std::visit([&](auto member) { put(options.*member, saver); }, setting.value);
  });
  put(options.kv_type, saver);
}

ContextOptions load_settings(const std::string& method, const ContextOptions& given, memory::Loader& loader) {
  ContextOptions saved;
  saved.method = method;
  saved.chunk_store = given.chunk_store;
  saved.tail_store = given.tail_store;
  const std::span<const Setting* const> late = context::method_named(method).late;
  for_each_setting(method, [&](const Setting& setting) {
    std::visit([&](auto member) { take(saved.*member, loader); }, setting.value);
    choose(setting, std::ranges::find(late, &setting) != late.end(), given, saved);
  });
  KvType type{};
  take(type, loader);
  if (given.kv_type && *given.kv_type != type) differs("kv_type", kv_type_name(type));
  saved.kv_type = type;
  return saved;
}

void save_template(const Session::Options& options, memory::Saver& saver) {
  saver.number(options.raw ? 1 : 0);
  saver.number(options.special ? 1 : 0);
  saver.text(options.chat_template);
  saver.text(options.system);
}

void load_template(Session::Options& options, memory::Loader& loader) {
  const auto flag = [&](bool given, const char* name) {
    const bool saved = loader.number(0, 1) != 0;
    if (given != saved) differs(name, saved ? "it" : "none");
  };
  const auto words = [&](std::string& given, const char* name) {
    std::string saved = loader.text();
    if (!given.empty() && given != saved) differs(name, saved.empty() ? "the model's own" : saved);
    given = std::move(saved);
  };
  flag(options.raw, "raw");
  flag(options.special, "special");
  words(options.chat_template, "chat_template");
  words(options.system, "system");
}

void check_saved_method(std::string_view saved, std::string_view given) {
  if (given != "auto" && given != saved) differs("method", saved);
}

void check_saved_encoder(std::string_view saved, std::string_view present) {
  if (saved == present) return;
  fail(
      "the text was read with another model, other number types or another version of this program, and has "
      "to be read again (then: {}; now: {})",
      saved, present);
}

void check_saved_sizes(const ContextOptions& chosen, const context::Options& sizes) {
  if (settings_in_words(resolve(chosen, sizes.kv_type)) == settings_in_words(sizes)) return;
  fail("memory has become too little to go on with the text as it was read: free some, or read it again");
}

}  // namespace focusllm
