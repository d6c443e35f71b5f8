#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "engine/engine.h"

namespace focusllm::cli {

/// {"method", "prompt_tokens", "tokens", "text", "timings", ...}: one answer with all that is known about it.
nlohmann::ordered_json answer_json(const Session& session, const Answer& answer);
/// On one line; bytes that are not UTF-8 become U+FFFD.
std::string dump(const nlohmann::ordered_json& json);

}  // namespace focusllm::cli
