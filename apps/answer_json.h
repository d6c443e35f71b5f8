#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "focusllm/session.h"

namespace focusllm::cli {

/// A text that a session read.
struct TextSize {
  std::string name;
  std::int64_t bytes = 0;
};

/// {"method", "prompt_tokens", "tokens", "text", "timings", "texts", ...}: one answer with all that is known
/// about it, and the texts that the session read.
nlohmann::ordered_json answer_json(const Session& session, const Answer& answer,
                                   const std::vector<TextSize>& texts);

}  // namespace focusllm::cli
