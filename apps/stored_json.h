#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "focusllm/store.h"

namespace focusllm::cli {

/// A text that is kept, for programs; times as RFC 3339 in UTC.
nlohmann::ordered_json stored_json(const StoredText& text);
/// "2026-11-30T12:00:00Z".
std::string format_time(std::int64_t seconds);

}  // namespace focusllm::cli
