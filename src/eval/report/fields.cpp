#include "eval/report/fields.h"

#include "base/error.h"
#include "base/python_json.h"

namespace focusllm::eval::report {
namespace {

constexpr int kDeepest = 8;  // levels of nesting: what is printed again is printed recursively

}  // namespace

Fields::Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object()) fail("{}: is no JSON object", where_);
}

void Fields::reject(std::string_view key, std::string_view what) const {
  fail("{}: \"{}\" is {}: give another file, or take that line away", where_, key, what);
}

const Fields::Json* Fields::find(const char* key) const {
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::string Fields::text(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return "";
  if (!value->is_string()) reject(key, "no text");
  return value->get<std::string>();
}

std::optional<double> Fields::number(const char* key, double least, double most) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) reject(key, "no number");
  const auto number = value->get<double>();
  if (!(number >= least && number <= most)) reject(key, fmt::format("not from {:g} to {:g}", least, most));
  return number;
}

std::optional<std::int64_t> Fields::whole(const char* key, std::int64_t least, std::int64_t most) const {
  const auto value = number(key, static_cast<double>(least), static_cast<double>(most));
  if (!value) return std::nullopt;
  if (!find(key)->is_number_integer()) reject(key, "no whole number");
  return find(key)->get<std::int64_t>();
}

std::optional<bool> Fields::truth(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) reject(key, "neither true nor false");
  return value->get<bool>();
}

std::optional<Fields> Fields::object(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  return Fields(*value, fmt::format("{}: \"{}\"", where_, key));
}

std::string Fields::any(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return "";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

std::string key_of(const Fields::Json& json) {
  return json.dump(-1, ' ', false, Fields::Json::error_handler_t::replace);
}

std::optional<Fields::Json> parse_line(std::string_view line) {
  bool deep = false;
  const auto watch = [&deep](int depth, Fields::Json::parse_event_t, Fields::Json&) {
    deep = deep || depth > kDeepest;
    return !deep;
  };
  Fields::Json json = Fields::Json::parse(line, watch, false);
  if (!deep && json.is_discarded()) json = Fields::Json::parse(without_python_json(line), watch, false);
  if (deep || !json.is_object()) return std::nullopt;
  return json;
}

}  // namespace focusllm::eval::report
