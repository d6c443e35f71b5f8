#pragma once

#include <string_view>

#include "server/api_error.h"
#include "server/limits.h"

namespace focusllm::server {

/// A request's body, an object. Throws ApiError (400) for what is none, for bytes that are not UTF-8, and
/// beyond the limits of depth and size.
Json parse_body(std::string_view text, const Limits& limits);

}  // namespace focusllm::server
