#include "server/values.h"

#include <fmt/format.h>

namespace focusllm::server {

void Values::wrong(const char* name, const std::string& wanted) const {
  throw bad_request(fmt::format("'{}' must be {}", path(name), wanted), path(name));
}

const Json* Values::find(const char* name) const {
  const auto found = body_.find(name);
  return found == body_.end() || found->is_null() ? nullptr : &*found;
}

std::optional<double> Values::number(const char* name, double least, double most) const {
  const Json* value = find(name);
  if (value == nullptr) return {};
  const double number = value->is_number() ? value->get<double>() : least - 1;
  if (!(number >= least && number <= most)) wrong(name, fmt::format("a number from {} to {}", least, most));
  return number;
}

std::optional<std::int64_t> Values::integer(const char* name, std::int64_t least, std::int64_t most) const {
  const Json* value = find(name);
  if (value == nullptr) return {};
  const auto wanted = [&] { return fmt::format("a whole number from {} to {}", least, most); };
  if (!value->is_number_integer()) wrong(name, wanted());
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
    wrong(name, wanted());
  const auto number = value->get<std::int64_t>();
  if (number < least || number > most) wrong(name, wanted());
  return number;
}

bool Values::flag(const char* name, bool otherwise) const {
  const Json* value = find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) wrong(name, "true or false");
  return value->get<bool>();
}

std::optional<std::string> Values::text(const char* name) const {
  const Json* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_string()) wrong(name, "a string");
  return value->get<std::string>();
}

std::vector<std::string> Values::texts(const char* name) const {
  const Json* value = find(name);
  if (value == nullptr) return {};
  if (value->is_string()) return {value->get<std::string>()};
  if (!value->is_array()) wrong(name, "a string or an array of strings");
  std::vector<std::string> texts;
  for (const Json& each : *value) {
    if (!each.is_string()) wrong(name, "a string or an array of strings");
    texts.push_back(each.get<std::string>());
  }
  return texts;
}

Values Values::object(const char* name) const {
  static const Json kNone = Json::object();
  const Json* value = find(name);
  if (value != nullptr && !value->is_object()) wrong(name, "an object");
  return Values(value == nullptr ? kNone : *value, path(name) + ".");
}

}  // namespace focusllm::server
