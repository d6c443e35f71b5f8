#include "flags.h"

#include <algorithm>
#include <utility>

#include "focusllm/methods.h"

namespace focusllm::cli {
namespace {

/// Options that are no settings of methods, where the flag is not the name.
constexpr std::pair<std::string_view, std::string_view> kOthers[] = {{"context", "--ctx-size"}};

bool is_name(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

std::string flag_of(std::string_view field) {
  for (const Setting* setting : settings())
    if (setting->field == field) return std::string(setting->flag);
  for (const auto& [name, flag] : kOthers)
    if (name == field) return std::string(flag);
  std::string flag = "--" + std::string(field);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

}  // namespace

std::string with_flags(std::string_view message) {
  std::string text;
  for (;;) {
    const std::size_t begin = message.find('`');
    const std::size_t end = begin == std::string_view::npos ? begin : message.find('`', begin + 1);
    if (end == std::string_view::npos) return text.append(message);
    const std::string_view name = message.substr(begin + 1, end - begin - 1);
    text.append(message.substr(0, begin));
    text += is_name(name) ? flag_of(name) : std::string(message.substr(begin, end - begin + 1));
    message.remove_prefix(end + 1);
  }
}

}  // namespace focusllm::cli
