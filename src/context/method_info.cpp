#include <algorithm>

#include "context/method.h"

namespace focusllm {
namespace {

MethodInfo info_of(const context::Method& method) {
  MethodInfo info{method.traits, {}};
  for (const context::Taken& taken : method.settings) info.settings.push_back({taken.setting, taken.usual});
  return info;
}

}  // namespace

std::span<const Setting* const> settings() {
  return context::kSettings;
}

const SettingUse* MethodInfo::find(const Setting& setting) const {
  const auto found = std::ranges::find(settings, &setting, &SettingUse::setting);
  return found != settings.end() ? &*found : nullptr;
}

const std::vector<MethodInfo>& methods() {
  static const std::vector<MethodInfo> all = [] {
    std::vector<MethodInfo> infos;
    for (const context::Method* method : context::all_methods()) infos.push_back(info_of(*method));
    return infos;
  }();
  return all;
}

const MethodInfo& method_info(std::string_view name) {
  const std::string_view known = context::method_named(name).traits.name;
  return *std::ranges::find(methods(), known, &MethodInfo::name);
}

std::vector<std::string_view> methods_with(const Setting& setting) {
  std::vector<std::string_view> names;
  for (const MethodInfo& method : methods())
    if (method.find(setting) != nullptr) names.push_back(method.name);
  return names;
}

const std::vector<std::string>& method_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all{"auto"};
    for (const MethodInfo& method : methods()) all.emplace_back(method.name);
    return all;
  }();
  return names;
}

std::string_view plain_method() {
  return std::ranges::find_if(methods(), &MethodInfo::plain)->name;
}

std::string_view recalling_method(bool adapter) {
  const auto fits = [adapter](const MethodInfo& one) { return one.recalls && one.needs_adapter == adapter; };
  return std::ranges::find_if(methods(), fits)->name;
}

}  // namespace focusllm
