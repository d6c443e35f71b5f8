#include "model/metadata.h"

#include <cmath>

#include "base/error.h"

namespace focusllm::model {

std::int64_t Metadata::checked(std::string_view key, std::int64_t value, std::int64_t low,
                               std::int64_t high) const {
  if (value < low || value > high)
    fail("{}: {} = {}: must be from {} to {}", path(), full(key), value, low, high);
  return value;
}

std::int64_t Metadata::integer(std::string_view key, std::int64_t low, std::int64_t high) const {
  return checked(key, file_.require_integer(full(key)), low, high);
}

std::int64_t Metadata::integer_or(std::string_view key, std::int64_t other, std::int64_t low,
                                  std::int64_t high) const {
  return checked(key, file_.integer(full(key)).value_or(other), low, high);
}

std::optional<double> Metadata::positive(std::initializer_list<std::string_view> keys) const {
  for (const std::string_view key : keys) {
    const auto value = file_.number(full(key));
    if (value && (!(*value > 0) || !std::isfinite(*value)))
      fail("{}: {} = {}: must be a positive number", path(), full(key), *value);
    if (value) return value;
  }
  return std::nullopt;
}

double Metadata::positive_known(std::initializer_list<std::string_view> keys,
                                std::optional<double> constant) const {
  const auto value = positive(keys);
  if (!value && !constant) {
    fail("{}: {} is missing, and architecture {} has no constant of its own for it: convert the model anew",
         path(), full(*keys.begin()), architecture_);
  }
  return value ? *value : *constant;
}

void Metadata::refuse(std::string_view key, std::string_view says) const {
  const double value = file_.number(full(key)).value_or(0);
  if (value != 0) fail("{}: {} = {}: {}", path(), full(key), value, says);
}

}  // namespace focusllm::model
