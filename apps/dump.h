#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace focusllm::cli {

/// On one line; bytes that are not UTF-8 become U+FFFD.
inline std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace focusllm::cli
