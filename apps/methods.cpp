#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "command.h"
#include "dump.h"
#include "method_flags.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string cost_of(const MethodTraits& traits) {
  return traits.linear ? "the same however long the text" : "grows with the text";
}

/// What else is to be known, as words.
std::vector<std::string_view> notes(const MethodTraits& traits) {
  std::vector<std::string_view> all;
  if (traits.needs_adapter) all.push_back("needs an adapter for the model");
  if (traits.calibrates) all.push_back("measures a model that it does not know (focusllm calibrate)");
  if (traits.cites) all.push_back("cites places");
  if (traits.has_file) all.push_back("can keep memory in a file");
  return all;
}

std::string text_of(const MethodInfo& method) {
  const MethodTraits& traits = method;
  std::string text =
      fmt::format("{}\n  for           {}\n  a token sees  {}\n  its cost      {}\n  memory        {}\n",
                  traits.name, traits.suits, traits.sees, cost_of(traits), traits.keeps);
  if (const auto all = notes(traits); !all.empty())
    text += fmt::format("  beside        {}\n", fmt::join(all, ", "));
  for (const SettingUse& taken : method.settings)
    text += fmt::format("  {:<18}{}{}\n", taken.setting->flag, taken.setting->help,
                        taken.usual.empty() ? "" : fmt::format("; default: {}", taken.usual));
  return text;
}

Json json_of(const MethodInfo& method) {
  const MethodTraits& traits = method;
  Json json = {{"name", traits.name},
               {"suits", traits.suits},
               {"calibrates", traits.calibrates},
               {"sees", traits.sees},
               {"keeps", traits.keeps},
               {"linear", traits.linear},
               {"recalls", traits.recalls},
               {"needs_adapter", traits.needs_adapter},
               {"cites", traits.cites},
               {"forks", traits.forks},
               {"has_file", traits.has_file},
               {"settings", Json::array()}};
  for (const SettingUse& taken : method.settings)
    json["settings"].push_back({{"field", taken.setting->field},
                                {"flag", taken.setting->flag},
                                {"help", taken.setting->help},
                                {"default", taken.usual}});
  return json;
}

/// The table of README.md and docs/methods.md.
std::string method_table() {
  std::string text =
      "| method | for | what a token sees | cost of a token | memory |\n|---|---|---|---|---|\n";
  for (const MethodInfo& method : methods()) {
    const MethodTraits& traits = method;
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", traits.name, traits.suits, traits.sees,
                        cost_of(traits), traits.keeps);
  }
  return text + fmt::format(
                    "| `auto` (default) | all texts | as `{}` while text, question and answer fit the "
                    "trained context; "
                    "else as `{}` if there is an adapter for the model, else as `{}` | | |\n",
                    plain_method(), recalling_method(true), recalling_method(false));
}

/// That of docs/methods.md.
std::string setting_table() {
  std::string text = "| setting | what it is | taken by, with its default |\n|---|---|---|\n";
  for (const Setting* setting : settings()) {
    std::vector<std::string> takers;
    for (const std::string_view name : methods_with(*setting)) {
      const std::string_view usual = method_info(name).find(*setting)->usual;
      takers.push_back(usual.empty() ? fmt::format("`{}`", name) : fmt::format("`{}`: {}", name, usual));
    }
    text += fmt::format("| `{}` | {} | {} |\n", setting->flag, setting->help, fmt::join(takers, "<br>"));
  }
  return text;
}

struct MethodsFlags {
  bool json = false, markdown = false;
};

void list(const MethodsFlags& flags) {
  if (flags.markdown) return out(method_table() + "\n" + setting_table());
  Json all = Json::array();
  std::vector<std::string> texts;
  for (const MethodInfo& method : methods()) {
    all.push_back(json_of(method));
    texts.push_back(text_of(method));
  }
  out(flags.json ? dump(all) + "\n" : fmt::format("{}", fmt::join(texts, "\n")));
}

}  // namespace

void add_methods(CLI::App& app) {
  auto flags = std::make_shared<MethodsFlags>();
  CLI::App* command = app.add_subcommand("methods", "List the methods, with their settings and defaults");
  CLI::Option* json = command->add_flag("--json", flags->json, "Print a JSON array");
  command->add_flag("--markdown", flags->markdown, "Print the tables of README.md and docs/methods.md")
      ->excludes(json);
  command->callback([flags] { list(*flags); });
}

}  // namespace focusllm::cli
