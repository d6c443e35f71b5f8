#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace focusllm::eval::report {

/// The fields of a JSON object that comes from a file. A field that is missing or null is nothing; one of
/// another kind or outside its range throws Error, which says where.
class Fields {
 public:
  using Json = nlohmann::ordered_json;

  /// `where`: of the object, for messages. Throws Error unless it is an object. `object` outlives this.
  Fields(const Json& object, std::string where);

  std::string text(const char* key) const;  ///< empty where there is none
  std::optional<double> number(const char* key, double least, double most) const;
  std::optional<std::int64_t> whole(const char* key, std::int64_t least, std::int64_t most) const;
  std::optional<bool> truth(const char* key) const;
  std::optional<Fields> object(const char* key) const;
  /// A number or a text as text; empty where there is none.
  std::string any(const char* key) const;

  const Json& json() const { return object_; }
  [[noreturn]] void reject(std::string_view key, std::string_view what) const;

 private:
  const Json* find(const char* key) const;

  const Json& object_;
  std::string where_;
};

/// Written on one line, the same for equal contents. What is no UTF-8 is replaced.
std::string key_of(const Fields::Json& json);

/// One line as JSON, or as what Python writes for it (base/python_json.h); nothing if it is no JSON object or
/// nested too deep for one of ours.
std::optional<Fields::Json> parse_line(std::string_view line);

}  // namespace focusllm::eval::report
