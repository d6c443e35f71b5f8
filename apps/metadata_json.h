#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "focusllm/gguf.h"

namespace focusllm::cli {

/// A metadata value. A long array is {"count", "first"} unless `all`.
nlohmann::ordered_json value_json(const gguf::Value& value, bool all);
/// The same for people, on one line; long texts are cut aloud unless `all`.
std::string value_line(const gguf::Value& value, bool all);

}  // namespace focusllm::cli
