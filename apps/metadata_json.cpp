#include "metadata_json.h"

#include <type_traits>

#include <fmt/format.h>

#include "base/utf8.h"
#include "dump.h"
#include "progress_line.h"

namespace focusllm::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownElements = 6;
constexpr std::size_t kShownBytes = 100;

template <typename Elements>
Json array_json(const Elements& elements, bool all) {
  Json shown = Json::array();
  for (const auto& element : elements) {
    if (!all && shown.size() == kShownElements) break;
    shown.push_back(element);
  }
  if (shown.size() == elements.size()) return shown;
  return {{"count", elements.size()}, {"first", shown}};
}

Json to_json(const gguf::NumberArray& array, bool all) {
  const auto integers = array.integers();
  return integers ? array_json(*integers, all) : array_json(array.numbers(), all);
}

Json to_json(const gguf::Value::Strings& strings, bool all) {
  return array_json(strings, all);
}
Json to_json(std::string_view text, bool) {
  return text;
}

template <typename Number>
requires std::is_arithmetic_v<Number> Json to_json(Number value, bool) {
  return value;
}

}  // namespace

Json value_json(const gguf::Value& value, bool all) {
  return std::visit([all](const auto& data) { return to_json(data, all); }, value.data);
}

std::string value_line(const gguf::Value& value, bool all) {
  const Json json = value_json(value, all);
  if (json.is_object())
    return fmt::format("{} elements, the first: {}", grouped(json["count"].get<std::int64_t>()),
                       one_line(dump(json["first"]), kShownBytes));
  std::string text = dump(json);
  if (all || text.size() <= kShownBytes) return text;
  return fmt::format("{} ({} bytes)", one_line(text, kShownBytes),
                     grouped(static_cast<std::int64_t>(text.size())));
}

}  // namespace focusllm::cli
