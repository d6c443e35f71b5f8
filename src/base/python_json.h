#pragma once

#include <string>
#include <string_view>

namespace focusllm {

/// Python's json module writes what is no JSON: halves of surrogate pairs ("\ud83d"), NaN, Infinity and
/// -Infinity. The same text with U+FFFD and null in their place; all else stays as it is.
std::string without_python_json(std::string_view text);

/// Text as nlohmann's Json, with what Python writes beyond JSON taken like that; discarded if it is none.
template <typename Json>
Json parse_json(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json::parse(without_python_json(text), nullptr, false) : json;
}

}  // namespace focusllm
