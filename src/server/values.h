#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/api_error.h"

namespace focusllm::server {

/// The fields of a request's object, checked: what has another type or is out of bounds is 400 with its name.
/// null counts as not given. `body` outlives this.
class Values {
 public:
  /// path: in front of names in errors ("messages[3].").
  explicit Values(const Json& body, std::string path = {}) : body_(body), path_(std::move(path)) {}

  /// Null where it is not given.
  const Json* find(const char* name) const;
  std::optional<double> number(const char* name, double least, double most) const;
  std::optional<std::int64_t> integer(const char* name, std::int64_t least, std::int64_t most) const;
  bool flag(const char* name, bool otherwise = false) const;
  std::optional<std::string> text(const char* name) const;
  /// A string, or an array of them.
  std::vector<std::string> texts(const char* name) const;
  /// An object; one without fields where it is not given.
  Values object(const char* name) const;

  std::string path(const char* name) const { return path_ + name; }

 private:
  [[noreturn]] void wrong(const char* name, const std::string& wanted) const;

  const Json& body_;
  std::string path_;
};

}  // namespace focusllm::server
