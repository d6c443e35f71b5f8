#include "method_flags.h"

#include <limits>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "options.h"

namespace focusllm::cli {
namespace {

const std::vector<std::string> kKvTypes = {"auto", "bf16", "int8"};

std::string describe_methods() {
  std::vector<std::string> all;
  for (const MethodInfo& method : methods()) all.push_back(fmt::format("{} ({})", method.name, method.sees));
  return fmt::format(
      "How the text is kept, by what a token sees: {}; auto: {} while text, question and answer fit what the "
      "model was trained for, else {} if there is an adapter for the model, else {}",
      fmt::join(all, ", "), plain_method(), recalling_method(true), recalling_method(false));
}

void add_length(CLI::App& app, const Setting& setting, std::int64_t& value) {
  app.add_option_function<std::string>(
         std::string(setting.flag),
         [&setting, &value](const std::string& text) {
           const auto length = parse_length(text);
           const int least = setting.zero ? 0 : 1;
           if (!length || *length < least) {
             throw CLI::ValidationError(
                 std::string(setting.flag),
                 fmt::format("'{}' is not a number of tokens of at least {} (like 512, 4k, 1m)", text,
                             least));
           }
           value = *length == 0 ? *setting.zero : *length;
         },
         describe(setting))
      ->type_name("TOKENS")
      ->group("Context");
}

void add_count(CLI::App& app, const Setting& setting, std::int64_t& value) {
  app.add_option_function<std::int64_t>(
         std::string(setting.flag),
         [&setting, &value](std::int64_t count) { value = count == 0 ? *setting.zero : count; },
         describe(setting))
      ->check(setting.zero ? between(0, std::numeric_limits<int>::max()) : positive())
      ->type_name("N")
      ->group("Context");
}

void add_words(CLI::App& app, const Setting& setting, bool& value) {
  const std::vector<std::string> words(setting.words.begin(), setting.words.end());
  app.add_option_function<std::string>(
         std::string(setting.flag),
         [&setting, &value](const std::string& word) { value = word == setting.words[1]; }, describe(setting))
      ->check(one_of(words))
      ->group("Context");
}

void add_setting(CLI::App& app, const Setting& setting, Settings& values) {
  const auto add = [&](auto& value) {
    return app.add_option(std::string(setting.flag), value, describe(setting))->group("Context");
  };
  const auto whole = std::get_if<std::int64_t Settings::*>(&setting.value);
  const auto truth = std::get_if<bool Settings::*>(&setting.value);
  switch (setting.kind) {
    case Setting::Kind::tokens:
      return add_length(app, setting, values.**whole);
    case Setting::Kind::count:
      return add_count(app, setting, values.**whole);
    case Setting::Kind::share:
      add(values.*std::get<double Settings::*>(setting.value))->check(between(0, 1))->type_name("X");
      return;
    case Setting::Kind::on:
      app.add_flag(std::string(setting.flag), values.**truth, describe(setting))->group("Context");
      return;
    case Setting::Kind::choice:
      return add_words(app, setting, values.**truth);
    case Setting::Kind::words:
      add(values.*std::get<std::string Settings::*>(setting.value))->type_name("TEXT");
      return;
    case Setting::Kind::folder:
      add(values.*std::get<std::string Settings::*>(setting.value))->type_name("DIR");
      return;
  }
}

}  // namespace

std::string describe(const Setting& setting) {
  const std::vector<std::string_view> names = methods_with(setting);
  std::string text = fmt::format("{} ({})", setting.help, fmt::join(names, ", "));
  const std::string_view usual = method_info(names.front()).find(setting)->usual;
  if (names.size() > 1 && !usual.empty()) return text + "; default: focusllm methods";
  return usual.empty() ? text : fmt::format("{}; default: {}", text, usual);
}

void ContextFlags::add_to(CLI::App& app, bool with_method) {
  if (with_method)
    app.add_option("--method", values.method, describe_methods())
        ->check(one_of(method_names()))
        ->capture_default_str()
        ->group("Context");
  app.add_option("--kv-type", kv_type,
                 "Number type of keys and values; auto: bf16 if that fits memory, else int8")
      ->check(one_of(kKvTypes))
      ->capture_default_str()
      ->group("Context");
  for (const Setting* setting : settings()) add_setting(app, *setting, values);
}

ContextOptions ContextFlags::options() const {
  ContextOptions options = values;
  if (kv_type == "bf16") options.kv_type = KvType::bf16;
  if (kv_type == "int8") options.kv_type = KvType::int8;
  return options;
}

}  // namespace focusllm::cli
