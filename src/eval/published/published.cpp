#include "eval/published/published.h"

#include <algorithm>

#include "base/error.h"
#include "base/python_json.h"

namespace focusllm::eval {
namespace {

using Json = nlohmann::json;

const Json& field(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) fail("has no \"{}\"", name);
  return *found;
}

std::string as_text(const Json& value, const char* name) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  fail("\"{}\" is neither text nor a number", name);
}

Example parse_example(std::string_view line, const std::function<Example(const Json&)>& make) {
  const Json object = parse_json<Json>(line);
  if (!object.is_object()) fail("is no JSON object");
  return make(object);
}

}  // namespace

std::vector<Example> examples_of(const NamedText& file, const std::function<Example(const Json&)>& make) {
  std::vector<Example> examples;
  std::string_view rest = file.text;
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      examples.push_back(parse_example(line, make));
    } catch (const Error& error) {
      fail("{}: line {}: {}", file.name, number, error.what());
    }
    examples.back().line = number;
  }
  if (examples.empty()) fail("{}: has no lines", file.name);
  return examples;
}

std::string text_field(const Json& object, const char* name) {
  return as_text(field(object, name), name);
}

std::vector<std::string> list_field_or_empty(const Json& object, const char* name) {
  if (const auto found = object.find(name); found == object.end() || *found == Json::array()) return {};
  return list_field(object, name);
}

std::vector<std::string> list_field(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (!value.is_array()) return {as_text(value, name)};
  if (value.empty() || value.front() == Json::array()) fail("\"{}\" is empty", name);
  std::vector<std::string> list;
  for (const Json& one : value.front().is_array() ? value.front() : value) list.push_back(as_text(one, name));
  return list;
}

std::string filled(std::string_view form, const Values& values) {
  std::string text;
  while (!form.empty()) {
    const auto found = std::find_if(values.begin(), values.end(), [&](const auto& value) {
      return form.starts_with("{" + value.first + "}");
    });
    if (found == values.end()) {
      const std::size_t plain = std::min(form.find('{', 1), form.size());
      text += form.substr(0, plain);
      form.remove_prefix(plain);
    } else {
      text += found->second;
      form.remove_prefix(found->first.size() + 2);
    }
  }
  return text;
}

}  // namespace focusllm::eval
