#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/api_error.h"
#include "server/metrics.h"

namespace focusllm::server {

/// A field of a request that is known, and what becomes of it.
struct Field {
  enum class Use {
    used,
    ignored,  ///< accepted, and without effect: an answer with it would be the same, or says what it did
    refused,  ///< would change the answer and is not supported: 400, but for values that change nothing
  };
  std::string_view name;
  Use use = Use::used;
  std::string_view why = {};  ///< what it does, why it is ignored, or what is refused
  /// Of a refused one: whether a value changes nothing.
  bool (*harmless)(const Json& value) = nullptr;
};

/// What an endpoint takes.
struct Endpoint {
  std::string_view method, path;
  std::span<const Field> fields = {};
};

/// All that take a body.
std::span<const Endpoint> endpoints();
/// Throws std::logic_error for one that is not there.
const Endpoint& endpoint(std::string_view path);

/// Throws ApiError (400) for a field that is refused; counts those that are unknown.
void check_fields(const Endpoint& endpoint, const Json& body, Metrics& metrics);

/// The lists of fields as docs/server.md has them.
std::string fields_markdown();

}  // namespace focusllm::server
