#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "focusllm/session.h"
#include "text_input.h"

namespace focusllm::cli {

/// {"method", "prompt_tokens", "tokens", "text", "timings", "texts", ...}: one answer with all that is known
/// about it, and the texts that the session read.
nlohmann::ordered_json answer_json(const Session& session, const Answer& answer,
                                   const std::vector<Document>& texts);
/// On one line; bytes that are not UTF-8 become U+FFFD.
std::string dump(const nlohmann::ordered_json& json);

}  // namespace focusllm::cli
